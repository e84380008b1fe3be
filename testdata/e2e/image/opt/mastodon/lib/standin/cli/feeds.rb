# frozen_string_literal: true

require_relative 'base'

module Standin
  module CLI
    class Feeds < Base
      LENGTH = 800

      option :all, type: :boolean, default: false
      option :concurrency, type: :numeric, default: 5, aliases: [:c]
      option :verbose, type: :boolean, default: false, aliases: [:v]
      option :dry_run, type: :boolean, default: false
      option :skip_filled_timelines
      desc 'build [USERNAME]', 'Build home and list feeds for one or all users'
      def build(username = nil)
        scope = 'SELECT accounts.id FROM accounts JOIN users ON users.account_id = accounts.id'
        if username && !options[:all]
          account = database.rows('SELECT id FROM accounts WHERE domain IS NULL AND username = $1', username).first
          raise Thor::Error, 'No such account' unless account

          populate(account['id']) unless dry_run?
          say("OK #{dry_run_suffix}", :green, true)
          return
        end
        seen, = with_progress(scope) { |account| populate(account['id']) unless dry_run? }
        say("Regenerated feeds for #{seen} accounts #{dry_run_suffix}", :green, true)
      end

      desc 'clear', 'Remove all home and list feeds from Redis'
      def clear
        Standin.delete_keys(redis, 'feed:*')
        say('OK', :green)
      end

      private

      def populate(account)
        fill("feed:home:#{account}", "account_id = $1 OR account_id IN (SELECT target_account_id FROM follows WHERE account_id = $1)", account)
        database.rows('SELECT id FROM lists WHERE account_id = $1', account).each do |list|
          fill("feed:list:#{list['id']}", 'account_id IN (SELECT account_id FROM list_accounts WHERE list_id = $1)', list['id'])
        end
        nil
      end

      def fill(key, whose, id)
        redis.del(key)
        posts = database.rows("SELECT id FROM statuses WHERE (#{whose}) AND deleted_at IS NULL ORDER BY id DESC LIMIT #{LENGTH}", id)
        redis.zadd(key, posts.map { |post| [post['id'], post['id']] }) if posts.any?
      end
    end
  end
end
