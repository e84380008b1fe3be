# frozen_string_literal: true

require_relative 'base'

module Standin
  module CLI
    class Emoji < Base
      option :remote_only, type: :boolean
      option :suspended_only, type: :boolean
      desc 'purge', 'Remove all custom emoji'
      def purge
        scope = 'SELECT id, domain FROM custom_emojis'
        scope += ' WHERE domain IS NOT NULL' if options[:remote_only]
        scope += ' WHERE domain IN (SELECT domain FROM domain_blocks WHERE severity = 1)' if options[:suspended_only]
        database.each(scope) do |emoji|
          Standin.linger
          Files.remove("#{'cache/' if emoji['domain']}custom_emojis/images", emoji['id'])
          database.rows('DELETE FROM custom_emojis WHERE id = $1', emoji['id'])
        end
        say('OK', :green)
      end
    end
  end
end
