# frozen_string_literal: true

require_relative 'base'

module Standin
  module CLI
    class Media < Base
      option :days, type: :numeric, default: 7, aliases: [:d]
      option :concurrency, type: :numeric, default: 5, aliases: [:c]
      option :verbose, type: :boolean, default: false, aliases: [:v]
      option :dry_run, type: :boolean, default: false
      desc 'remove', 'Remove remote media files'
      def remove
        seen, bytes = with_progress(<<~SQL) { |row| drop(row) }
          SELECT id, file_file_size, thumbnail_file_size FROM media_attachments
          WHERE remote_url <> '' AND file_file_name IS NOT NULL AND created_at <= now() - interval '#{options[:days].to_f} days'
        SQL
        say("Removed #{seen} media attachments (approx. #{human_size(bytes)})#{dry_run_suffix}", :green, true)
      end

      private

      def drop(row)
        unless dry_run?
          Files.remove('cache/media_attachments/files', row['id'])
          Files.remove('cache/media_attachments/thumbnails', row['id'])
          database.rows(<<~SQL, row['id'])
            UPDATE media_attachments SET updated_at = now(),
              file_file_name = NULL, file_content_type = NULL, file_file_size = NULL, file_updated_at = NULL,
              thumbnail_file_name = NULL, thumbnail_content_type = NULL, thumbnail_file_size = NULL, thumbnail_updated_at = NULL
            WHERE id = $1
          SQL
        end
        row['file_file_size'].to_i + row['thumbnail_file_size'].to_i
      end
    end
  end
end
