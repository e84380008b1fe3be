# frozen_string_literal: true

require_relative 'base'

module Standin
  module CLI
    class Accounts < Base
      option :all, type: :boolean
      option :domain
      option :concurrency, type: :numeric, default: 5, aliases: [:c]
      option :verbose, type: :boolean, aliases: [:v]
      option :dry_run, type: :boolean
      desc 'refresh [USERNAMES]', 'Fetch remote user data and files'
      def refresh(*usernames)
        unless options[:all] || options[:domain] || usernames.any?
          say('No account(s) given', :red)
          exit(1)
        end
        seen, = with_progress(scope(usernames)) { |account| fetch(account) }
        say("Refreshed #{seen} accounts#{dry_run_suffix}", :green, true)
      end

      private

      def scope(usernames)
        found = 'SELECT id, username, domain, avatar_remote_url, header_remote_url FROM accounts WHERE domain IS NOT NULL'
        found += " AND domain = '#{options[:domain].gsub("'", "''")}'" if options[:domain]
        return found if usernames.empty?

        acct = usernames.map { |name| "'#{name.gsub("'", "''")}'" }.join(',')
        "#{found} AND username || '@' || domain IN (#{acct})"
      end

      # Every seventh server is gone, as some always are.
      def fetch(account)
        raise "failed to connect: Name or service not known on #{account['avatar_remote_url']}" if (account['id'].to_i % 7).zero?
        return if dry_run?

        %w[avatar header].each do |image|
          next if account["#{image}_remote_url"].to_s.empty?

          name, size = Files.write("cache/accounts/#{image}s", account['id'], image == 'avatar' ? '.png' : '.jpeg')
          database.rows("UPDATE accounts SET #{image}_file_name = $2, #{image}_file_size = $3, #{image}_updated_at = now(), updated_at = now() WHERE id = $1", account['id'], name, size)
        end
        nil
      end
    end
  end
end
