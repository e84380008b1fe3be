# frozen_string_literal: true

require_relative 'base'

module Standin
  module CLI
    class PreviewCards < Base
      option :days, type: :numeric, default: 180
      option :concurrency, type: :numeric, default: 5, aliases: [:c]
      option :verbose, type: :boolean, aliases: [:v]
      option :dry_run, type: :boolean, default: false
      option :link, type: :boolean, default: false
      desc 'remove', 'Remove preview cards'
      def remove
        scope = "SELECT id, image_file_size FROM preview_cards WHERE image_file_name IS NOT NULL AND updated_at < now() - interval '#{options[:days].to_f} days'"
        scope += ' AND type = 0' if options[:link]
        seen, bytes = with_progress(scope) { |card| drop(card) }
        say("Removed #{seen} #{'link-type ' if options[:link]}preview cards (approx. #{human_size(bytes)})#{dry_run_suffix}", :green, true)
      end

      private

      def drop(card)
        unless dry_run?
          Files.remove('cache/preview_cards/images', card['id'])
          database.rows(<<~SQL, card['id'])
            UPDATE preview_cards SET updated_at = now(), image_file_name = NULL, image_content_type = NULL, image_file_size = NULL, image_updated_at = NULL
            WHERE id = $1
          SQL
        end
        card['image_file_size']
      end
    end
  end
end
