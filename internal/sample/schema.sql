-- A small database of our own with the table names of Mastodon, and with what makes restoring one
-- particular: keys made by a function over sequences nobody owns, indexes over expressions, foreign
-- keys in circles, views that are stored and build on each other.

CREATE FUNCTION timestamp_id(table_name text) RETURNS bigint LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  millis bigint := (extract(epoch FROM clock_timestamp()) * 1000)::bigint;
  salted bigint := ('x' || left(md5(table_name || 'c0ffee5a1700sample' || millis), 4))::bit(16)::bigint;
BEGIN
  RETURN (millis << 16) | ((salted + nextval(table_name || '_id_seq')) & 65535);
END $$;

CREATE SEQUENCE accounts_id_seq;
CREATE SEQUENCE statuses_id_seq;
CREATE SEQUENCE media_attachments_id_seq;

CREATE TABLE schema_migrations (version varchar PRIMARY KEY);
CREATE TABLE ar_internal_metadata (
  key varchar PRIMARY KEY, value varchar, created_at timestamp(6) NOT NULL, updated_at timestamp(6) NOT NULL);

CREATE TABLE accounts (
  id bigint PRIMARY KEY DEFAULT timestamp_id('accounts'),
  username varchar NOT NULL DEFAULT '', domain varchar, private_key text, public_key text NOT NULL DEFAULT '',
  created_at timestamp(6) NOT NULL, updated_at timestamp(6) NOT NULL,
  note text NOT NULL DEFAULT '', display_name varchar NOT NULL DEFAULT '', uri varchar NOT NULL DEFAULT '', url varchar,
  avatar_file_name varchar, avatar_content_type varchar, avatar_file_size integer, avatar_updated_at timestamp,
  header_file_name varchar, header_content_type varchar, header_file_size integer, header_updated_at timestamp,
  avatar_remote_url varchar, header_remote_url varchar NOT NULL DEFAULT '',
  locked boolean NOT NULL DEFAULT false, moved_to_account_id bigint REFERENCES accounts ON DELETE SET NULL,
  fields jsonb, actor_type varchar, discoverable boolean, also_known_as varchar[],
  silenced_at timestamp, suspended_at timestamp, avatar_storage_schema_version integer, header_storage_schema_version integer);
CREATE UNIQUE INDEX index_accounts_on_username_and_domain_lower ON accounts (lower(username::text), COALESCE(lower(domain::text), ''));
CREATE INDEX index_accounts_on_domain_and_id ON accounts (domain, id);
CREATE INDEX index_accounts_on_uri ON accounts (uri);
CREATE INDEX index_accounts_on_moved_to_account_id ON accounts (moved_to_account_id) WHERE moved_to_account_id IS NOT NULL;
CREATE INDEX search_index ON accounts USING gin ((setweight(to_tsvector('simple', display_name::text), 'A') || setweight(to_tsvector('simple', username::text), 'B')));

CREATE TABLE account_stats (
  id bigserial PRIMARY KEY, account_id bigint NOT NULL REFERENCES accounts ON DELETE CASCADE,
  statuses_count bigint NOT NULL DEFAULT 0, following_count bigint NOT NULL DEFAULT 0, followers_count bigint NOT NULL DEFAULT 0,
  last_status_at timestamp, created_at timestamp(6) NOT NULL, updated_at timestamp(6) NOT NULL);
CREATE UNIQUE INDEX index_account_stats_on_account_id ON account_stats (account_id);

CREATE TABLE user_roles (
  id bigserial PRIMARY KEY, name varchar NOT NULL DEFAULT '', position integer NOT NULL DEFAULT 0, permissions bigint NOT NULL DEFAULT 0,
  created_at timestamp(6) NOT NULL, updated_at timestamp(6) NOT NULL);

CREATE TABLE users (
  id bigserial PRIMARY KEY, email varchar NOT NULL DEFAULT '', account_id bigint NOT NULL REFERENCES accounts ON DELETE CASCADE,
  encrypted_password varchar NOT NULL DEFAULT '', otp_secret varchar, otp_required_for_login boolean NOT NULL DEFAULT false,
  locale varchar, chosen_languages varchar[], sign_up_ip inet, settings text, role_id bigint REFERENCES user_roles ON DELETE SET NULL,
  created_at timestamp(6) NOT NULL, updated_at timestamp(6) NOT NULL, confirmed_at timestamp, current_sign_in_at timestamp,
  approved boolean NOT NULL DEFAULT true, disabled boolean NOT NULL DEFAULT false);
CREATE UNIQUE INDEX index_users_on_email ON users (email);
CREATE INDEX index_users_on_account_id ON users (account_id);

CREATE TABLE session_activations (
  id bigserial PRIMARY KEY, session_id varchar NOT NULL, user_id bigint NOT NULL REFERENCES users ON DELETE CASCADE,
  ip inet, user_agent varchar NOT NULL DEFAULT '', created_at timestamp(6) NOT NULL, updated_at timestamp(6) NOT NULL);
CREATE UNIQUE INDEX index_session_activations_on_session_id ON session_activations (session_id);
CREATE TABLE login_activities (
  id bigserial PRIMARY KEY, user_id bigint NOT NULL REFERENCES users ON DELETE CASCADE,
  authentication_method varchar, success boolean, ip inet, user_agent varchar, created_at timestamp);
CREATE INDEX index_login_activities_on_user_id ON login_activities (user_id);

CREATE TABLE conversations (id bigserial PRIMARY KEY, uri varchar, created_at timestamp(6) NOT NULL, updated_at timestamp(6) NOT NULL);
CREATE UNIQUE INDEX index_conversations_on_uri ON conversations (uri text_pattern_ops) WHERE uri IS NOT NULL;

CREATE TABLE statuses (
  id bigint PRIMARY KEY DEFAULT timestamp_id('statuses'),
  uri varchar, url varchar, text text NOT NULL DEFAULT '', spoiler_text text NOT NULL DEFAULT '',
  created_at timestamp(6) NOT NULL, updated_at timestamp(6) NOT NULL, edited_at timestamp, deleted_at timestamp,
  account_id bigint NOT NULL REFERENCES accounts ON DELETE CASCADE,
  in_reply_to_id bigint REFERENCES statuses ON DELETE SET NULL, in_reply_to_account_id bigint REFERENCES accounts ON DELETE SET NULL,
  reblog_of_id bigint REFERENCES statuses ON DELETE CASCADE, conversation_id bigint REFERENCES conversations ON DELETE SET NULL,
  local boolean, reply boolean NOT NULL DEFAULT false, sensitive boolean NOT NULL DEFAULT false, visibility integer NOT NULL DEFAULT 0,
  language varchar, ordered_media_attachment_ids bigint[]);
CREATE UNIQUE INDEX index_statuses_on_uri ON statuses (uri text_pattern_ops) WHERE uri IS NOT NULL;
CREATE INDEX index_statuses_20190820 ON statuses (account_id, id DESC, visibility, updated_at) WHERE deleted_at IS NULL;
CREATE INDEX index_statuses_local_20190824 ON statuses (id DESC, account_id) WHERE (local OR uri IS NULL) AND deleted_at IS NULL AND visibility = 0;
CREATE INDEX index_statuses_public_20200119 ON statuses (id DESC, account_id) WHERE deleted_at IS NULL AND visibility = 0;
CREATE INDEX index_statuses_on_in_reply_to_id ON statuses (in_reply_to_id) WHERE in_reply_to_id IS NOT NULL;
CREATE INDEX index_statuses_on_reblog_of_id_and_account_id ON statuses (reblog_of_id, account_id);
CREATE INDEX index_statuses_on_conversation_id ON statuses (conversation_id);
CREATE INDEX index_statuses_on_deleted_at ON statuses (deleted_at) WHERE deleted_at IS NOT NULL;

CREATE TABLE status_stats (
  id bigserial PRIMARY KEY, status_id bigint NOT NULL REFERENCES statuses ON DELETE CASCADE,
  replies_count bigint NOT NULL DEFAULT 0, reblogs_count bigint NOT NULL DEFAULT 0, favourites_count bigint NOT NULL DEFAULT 0,
  created_at timestamp(6) NOT NULL, updated_at timestamp(6) NOT NULL);
CREATE UNIQUE INDEX index_status_stats_on_status_id ON status_stats (status_id);
CREATE TABLE status_pins (
  id bigserial PRIMARY KEY, account_id bigint NOT NULL REFERENCES accounts ON DELETE CASCADE, status_id bigint NOT NULL REFERENCES statuses ON DELETE CASCADE,
  created_at timestamp(6) NOT NULL, updated_at timestamp(6) NOT NULL);
CREATE UNIQUE INDEX index_status_pins_on_account_id_and_status_id ON status_pins (account_id, status_id);

CREATE TABLE scheduled_statuses (
  id bigserial PRIMARY KEY, account_id bigint NOT NULL REFERENCES accounts ON DELETE CASCADE, scheduled_at timestamp, params jsonb);
CREATE INDEX index_scheduled_statuses_on_scheduled_at ON scheduled_statuses (scheduled_at);

CREATE TABLE media_attachments (
  id bigint PRIMARY KEY DEFAULT timestamp_id('media_attachments'),
  status_id bigint REFERENCES statuses ON DELETE SET NULL, account_id bigint REFERENCES accounts ON DELETE SET NULL,
  scheduled_status_id bigint REFERENCES scheduled_statuses ON DELETE SET NULL,
  file_file_name varchar, file_content_type varchar, file_file_size integer, file_updated_at timestamp,
  thumbnail_file_name varchar, thumbnail_content_type varchar, thumbnail_file_size integer, thumbnail_updated_at timestamp,
  remote_url varchar NOT NULL DEFAULT '', thumbnail_remote_url varchar, shortcode varchar, type integer NOT NULL DEFAULT 0,
  file_meta json, description text, blurhash varchar, processing integer, file_storage_schema_version integer,
  created_at timestamp(6) NOT NULL, updated_at timestamp(6) NOT NULL);
CREATE INDEX index_media_attachments_on_status_id ON media_attachments (status_id);
CREATE INDEX index_media_attachments_on_account_id_and_status_id ON media_attachments (account_id, status_id DESC);
CREATE UNIQUE INDEX index_media_attachments_on_shortcode ON media_attachments (shortcode text_pattern_ops) WHERE shortcode IS NOT NULL;

CREATE TABLE tags (
  id bigserial PRIMARY KEY, name varchar NOT NULL DEFAULT '', display_name varchar, usable boolean, trendable boolean, listable boolean,
  last_status_at timestamp, created_at timestamp(6) NOT NULL, updated_at timestamp(6) NOT NULL);
CREATE UNIQUE INDEX index_tags_on_name_lower_btree ON tags (lower(name::text) text_pattern_ops);
CREATE TABLE statuses_tags (
  status_id bigint NOT NULL REFERENCES statuses ON DELETE CASCADE, tag_id bigint NOT NULL REFERENCES tags ON DELETE CASCADE,
  PRIMARY KEY (tag_id, status_id));
CREATE INDEX index_statuses_tags_on_status_id ON statuses_tags (status_id);
CREATE TABLE featured_tags (
  id bigserial PRIMARY KEY, account_id bigint NOT NULL REFERENCES accounts ON DELETE CASCADE, tag_id bigint NOT NULL REFERENCES tags ON DELETE CASCADE,
  statuses_count bigint NOT NULL DEFAULT 0, created_at timestamp(6) NOT NULL, updated_at timestamp(6) NOT NULL);
CREATE UNIQUE INDEX index_featured_tags_on_account_id_and_tag_id ON featured_tags (account_id, tag_id);

CREATE TABLE mentions (
  id bigserial PRIMARY KEY, status_id bigint NOT NULL REFERENCES statuses ON DELETE CASCADE, account_id bigint NOT NULL REFERENCES accounts ON DELETE CASCADE,
  silent boolean NOT NULL DEFAULT false, created_at timestamp(6) NOT NULL, updated_at timestamp(6) NOT NULL);
CREATE UNIQUE INDEX index_mentions_on_account_id_and_status_id ON mentions (account_id, status_id);
CREATE INDEX index_mentions_on_status_id ON mentions (status_id);
CREATE TABLE favourites (
  id bigserial PRIMARY KEY, account_id bigint NOT NULL REFERENCES accounts ON DELETE CASCADE, status_id bigint NOT NULL REFERENCES statuses ON DELETE CASCADE,
  created_at timestamp(6) NOT NULL, updated_at timestamp(6) NOT NULL);
CREATE UNIQUE INDEX index_favourites_on_account_id_and_status_id ON favourites (account_id, status_id);
CREATE INDEX index_favourites_on_status_id ON favourites (status_id);
CREATE TABLE bookmarks (
  id bigserial PRIMARY KEY, account_id bigint NOT NULL REFERENCES accounts ON DELETE CASCADE, status_id bigint NOT NULL REFERENCES statuses ON DELETE CASCADE,
  created_at timestamp(6) NOT NULL, updated_at timestamp(6) NOT NULL);
CREATE UNIQUE INDEX index_bookmarks_on_account_id_and_status_id ON bookmarks (account_id, status_id);
CREATE TABLE notifications (
  id bigserial PRIMARY KEY, activity_id bigint NOT NULL, activity_type varchar NOT NULL, type varchar,
  account_id bigint NOT NULL REFERENCES accounts ON DELETE CASCADE, from_account_id bigint NOT NULL REFERENCES accounts ON DELETE CASCADE,
  created_at timestamp(6) NOT NULL, updated_at timestamp(6) NOT NULL);
CREATE INDEX index_notifications_on_account_id_and_id_and_type ON notifications (account_id, id DESC, type);
CREATE INDEX index_notifications_on_activity_id_and_activity_type ON notifications (activity_id, activity_type);

CREATE TABLE follows (
  id bigserial PRIMARY KEY, account_id bigint NOT NULL REFERENCES accounts ON DELETE CASCADE, target_account_id bigint NOT NULL REFERENCES accounts ON DELETE CASCADE,
  show_reblogs boolean NOT NULL DEFAULT true, uri varchar, created_at timestamp(6) NOT NULL, updated_at timestamp(6) NOT NULL);
CREATE UNIQUE INDEX index_follows_on_account_id_and_target_account_id ON follows (account_id, target_account_id);
CREATE INDEX index_follows_on_target_account_id_and_account_id ON follows (target_account_id, account_id);
CREATE TABLE follow_requests (
  id bigserial PRIMARY KEY, account_id bigint NOT NULL REFERENCES accounts ON DELETE CASCADE, target_account_id bigint NOT NULL REFERENCES accounts ON DELETE CASCADE,
  created_at timestamp(6) NOT NULL, updated_at timestamp(6) NOT NULL);
CREATE UNIQUE INDEX index_follow_requests_on_account_id_and_target_account_id ON follow_requests (account_id, target_account_id);
CREATE TABLE blocks (
  id bigserial PRIMARY KEY, account_id bigint NOT NULL REFERENCES accounts ON DELETE CASCADE, target_account_id bigint NOT NULL REFERENCES accounts ON DELETE CASCADE,
  created_at timestamp(6) NOT NULL, updated_at timestamp(6) NOT NULL);
CREATE UNIQUE INDEX index_blocks_on_account_id_and_target_account_id ON blocks (account_id, target_account_id);
CREATE TABLE mutes (
  id bigserial PRIMARY KEY, account_id bigint NOT NULL REFERENCES accounts ON DELETE CASCADE, target_account_id bigint NOT NULL REFERENCES accounts ON DELETE CASCADE,
  expires_at timestamp, created_at timestamp(6) NOT NULL, updated_at timestamp(6) NOT NULL);
CREATE UNIQUE INDEX index_mutes_on_account_id_and_target_account_id ON mutes (account_id, target_account_id);
CREATE TABLE lists (
  id bigserial PRIMARY KEY, account_id bigint NOT NULL REFERENCES accounts ON DELETE CASCADE, title varchar NOT NULL DEFAULT '',
  created_at timestamp(6) NOT NULL, updated_at timestamp(6) NOT NULL);
CREATE INDEX index_lists_on_account_id ON lists (account_id);
CREATE TABLE list_accounts (
  id bigserial PRIMARY KEY, list_id bigint NOT NULL REFERENCES lists ON DELETE CASCADE, account_id bigint NOT NULL REFERENCES accounts ON DELETE CASCADE,
  follow_id bigint REFERENCES follows ON DELETE CASCADE);
CREATE UNIQUE INDEX index_list_accounts_on_account_id_and_list_id ON list_accounts (account_id, list_id);
CREATE TABLE markers (
  id bigserial PRIMARY KEY, user_id bigint REFERENCES users ON DELETE CASCADE, timeline varchar NOT NULL DEFAULT '', last_read_id bigint NOT NULL DEFAULT 0,
  lock_version integer NOT NULL DEFAULT 0, created_at timestamp(6) NOT NULL, updated_at timestamp(6) NOT NULL);
CREATE UNIQUE INDEX index_markers_on_user_id_and_timeline ON markers (user_id, timeline);

CREATE TABLE polls (
  id bigserial PRIMARY KEY, account_id bigint REFERENCES accounts ON DELETE CASCADE, status_id bigint REFERENCES statuses ON DELETE CASCADE,
  expires_at timestamp, options varchar[] NOT NULL DEFAULT '{}', cached_tallies bigint[] NOT NULL DEFAULT '{}',
  created_at timestamp(6) NOT NULL, updated_at timestamp(6) NOT NULL);
CREATE INDEX index_polls_on_status_id ON polls (status_id);
CREATE TABLE poll_votes (
  id bigserial PRIMARY KEY, account_id bigint REFERENCES accounts ON DELETE CASCADE, poll_id bigint REFERENCES polls ON DELETE CASCADE,
  choice integer NOT NULL DEFAULT 0, created_at timestamp(6) NOT NULL, updated_at timestamp(6) NOT NULL);
CREATE INDEX index_poll_votes_on_poll_id ON poll_votes (poll_id);

CREATE TABLE custom_emoji_categories (id bigserial PRIMARY KEY, name varchar, created_at timestamp(6) NOT NULL, updated_at timestamp(6) NOT NULL);
CREATE UNIQUE INDEX index_custom_emoji_categories_on_name ON custom_emoji_categories (name);
CREATE TABLE custom_emojis (
  id bigserial PRIMARY KEY, shortcode varchar NOT NULL DEFAULT '', domain varchar,
  image_file_name varchar, image_content_type varchar, image_file_size integer, image_updated_at timestamp, image_remote_url varchar,
  disabled boolean NOT NULL DEFAULT false, uri varchar, visible_in_picker boolean NOT NULL DEFAULT true,
  category_id bigint REFERENCES custom_emoji_categories ON DELETE SET NULL, image_storage_schema_version integer,
  created_at timestamp(6) NOT NULL, updated_at timestamp(6) NOT NULL);
CREATE UNIQUE INDEX index_custom_emojis_on_shortcode_and_domain ON custom_emojis (shortcode, domain);

CREATE TABLE preview_cards (
  id bigserial PRIMARY KEY, url varchar NOT NULL DEFAULT '', title varchar NOT NULL DEFAULT '', description varchar NOT NULL DEFAULT '',
  image_file_name varchar, image_content_type varchar, image_file_size integer, image_updated_at timestamp, image_storage_schema_version integer,
  type integer NOT NULL DEFAULT 0, html text NOT NULL DEFAULT '', created_at timestamp(6) NOT NULL, updated_at timestamp(6) NOT NULL);
CREATE UNIQUE INDEX index_preview_cards_on_url ON preview_cards (url text_pattern_ops);
CREATE TABLE preview_cards_statuses (
  preview_card_id bigint NOT NULL, status_id bigint NOT NULL, url varchar, PRIMARY KEY (status_id, preview_card_id));

CREATE TABLE site_uploads (
  id bigserial PRIMARY KEY, var varchar NOT NULL DEFAULT '', file_file_name varchar, file_content_type varchar, file_file_size integer, file_updated_at timestamp,
  meta json, blurhash varchar, created_at timestamp(6) NOT NULL, updated_at timestamp(6) NOT NULL);
CREATE UNIQUE INDEX index_site_uploads_on_var ON site_uploads (var);
CREATE TABLE settings (
  id bigserial PRIMARY KEY, var varchar NOT NULL, value text, created_at timestamp, updated_at timestamp);
CREATE UNIQUE INDEX index_settings_on_var ON settings (var);
CREATE TABLE rules (
  id bigserial PRIMARY KEY, priority integer NOT NULL DEFAULT 0, text text NOT NULL DEFAULT '', hint text NOT NULL DEFAULT '', deleted_at timestamp,
  created_at timestamp(6) NOT NULL, updated_at timestamp(6) NOT NULL);
CREATE TABLE announcements (
  id bigserial PRIMARY KEY, text text NOT NULL DEFAULT '', published boolean NOT NULL DEFAULT false, all_day boolean NOT NULL DEFAULT false,
  scheduled_at timestamp, starts_at timestamp, ends_at timestamp, status_ids bigint[], created_at timestamp(6) NOT NULL, updated_at timestamp(6) NOT NULL);
CREATE TABLE domain_blocks (
  id bigserial PRIMARY KEY, domain varchar NOT NULL DEFAULT '', severity integer DEFAULT 0, reject_media boolean NOT NULL DEFAULT false, public_comment text,
  created_at timestamp(6) NOT NULL, updated_at timestamp(6) NOT NULL);
CREATE UNIQUE INDEX index_domain_blocks_on_domain ON domain_blocks (domain);
CREATE TABLE ip_blocks (
  id bigserial PRIMARY KEY, ip inet NOT NULL DEFAULT '0.0.0.0', severity integer NOT NULL DEFAULT 0, comment text NOT NULL DEFAULT '', expires_at timestamp,
  created_at timestamp(6) NOT NULL, updated_at timestamp(6) NOT NULL);
CREATE UNIQUE INDEX index_ip_blocks_on_ip ON ip_blocks (ip);
CREATE TABLE unavailable_domains (id bigserial PRIMARY KEY, domain varchar NOT NULL DEFAULT '', created_at timestamp(6) NOT NULL, updated_at timestamp(6) NOT NULL);
CREATE UNIQUE INDEX index_unavailable_domains_on_domain ON unavailable_domains (domain);
CREATE TABLE reports (
  id bigserial PRIMARY KEY, status_ids bigint[] NOT NULL DEFAULT '{}', comment text NOT NULL DEFAULT '', account_id bigint NOT NULL REFERENCES accounts ON DELETE CASCADE,
  target_account_id bigint NOT NULL REFERENCES accounts ON DELETE CASCADE, action_taken_at timestamp, created_at timestamp(6) NOT NULL, updated_at timestamp(6) NOT NULL);
CREATE INDEX index_reports_on_target_account_id ON reports (target_account_id);
CREATE TABLE invites (
  id bigserial PRIMARY KEY, user_id bigint NOT NULL REFERENCES users ON DELETE CASCADE, code varchar NOT NULL DEFAULT '', uses integer NOT NULL DEFAULT 0,
  expires_at timestamp, created_at timestamp(6) NOT NULL, updated_at timestamp(6) NOT NULL);
CREATE UNIQUE INDEX index_invites_on_code ON invites (code);

CREATE TABLE oauth_applications (
  id bigserial PRIMARY KEY, name varchar NOT NULL, uid varchar NOT NULL, secret varchar NOT NULL, redirect_uri text NOT NULL, scopes varchar NOT NULL DEFAULT '',
  created_at timestamp, updated_at timestamp);
CREATE UNIQUE INDEX index_oauth_applications_on_uid ON oauth_applications (uid);
CREATE TABLE oauth_access_tokens (
  id bigserial PRIMARY KEY, token varchar NOT NULL, scopes varchar, application_id bigint REFERENCES oauth_applications ON DELETE CASCADE,
  resource_owner_id bigint REFERENCES users ON DELETE CASCADE, created_at timestamp NOT NULL, revoked_at timestamp);
CREATE UNIQUE INDEX index_oauth_access_tokens_on_token ON oauth_access_tokens (token);
CREATE TABLE web_push_subscriptions (
  id bigserial PRIMARY KEY, endpoint varchar NOT NULL, key_p256dh varchar NOT NULL, key_auth varchar NOT NULL, data json,
  access_token_id bigint REFERENCES oauth_access_tokens ON DELETE CASCADE, user_id bigint REFERENCES users ON DELETE CASCADE,
  created_at timestamp(6) NOT NULL, updated_at timestamp(6) NOT NULL);
CREATE INDEX index_web_push_subscriptions_on_user_id ON web_push_subscriptions (user_id);

CREATE VIEW user_ips AS
  SELECT user_id, ip, max(used_at) AS used_at FROM (
    SELECT id AS user_id, sign_up_ip AS ip, created_at AS used_at FROM users WHERE sign_up_ip IS NOT NULL
    UNION ALL SELECT user_id, ip, updated_at FROM session_activations
    UNION ALL SELECT user_id, ip, created_at FROM login_activities WHERE success) seen
  GROUP BY user_id, ip;

CREATE MATERIALIZED VIEW account_summaries AS
  SELECT accounts.id AS account_id, mode() WITHIN GROUP (ORDER BY statuses.language) AS language, bool_or(statuses.sensitive) AS sensitive
  FROM accounts JOIN statuses ON statuses.account_id = accounts.id AND statuses.deleted_at IS NULL
  WHERE accounts.suspended_at IS NULL AND accounts.silenced_at IS NULL AND accounts.discoverable
  GROUP BY accounts.id
  WITH NO DATA;
CREATE UNIQUE INDEX index_account_summaries_on_account_id ON account_summaries (account_id);

CREATE MATERIALIZED VIEW global_follow_recommendations AS
  SELECT s.account_id, count(*) AS rank, array['most_followed'] AS reason
  FROM account_summaries s JOIN follows ON follows.target_account_id = s.account_id
  WHERE NOT s.sensitive GROUP BY s.account_id
  WITH NO DATA;
CREATE UNIQUE INDEX index_global_follow_recommendations_on_account_id ON global_follow_recommendations (account_id);

CREATE MATERIALIZED VIEW instances AS
  SELECT domain, sum(known) AS accounts_count FROM (
    SELECT domain, count(*) AS known FROM accounts WHERE domain IS NOT NULL GROUP BY domain
    UNION ALL SELECT domain, 0 FROM domain_blocks) seen
  GROUP BY domain
  WITH NO DATA;
CREATE UNIQUE INDEX index_instances_on_domain ON instances (domain);
