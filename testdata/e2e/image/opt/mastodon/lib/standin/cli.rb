# frozen_string_literal: true

require 'thor'
require_relative 'environment'
require_relative 'cli/accounts'
require_relative 'cli/cache'
require_relative 'cli/emoji'
require_relative 'cli/feeds'
require_relative 'cli/media'
require_relative 'cli/preview_cards'
require_relative 'cli/search'

module Standin
  module CLI
    class Main < Base
      desc 'accounts SUBCOMMAND ...ARGS', 'Manage accounts'
      subcommand 'accounts', Accounts
      desc 'cache SUBCOMMAND ...ARGS', 'Manage cache'
      subcommand 'cache', Cache
      desc 'emoji SUBCOMMAND ...ARGS', 'Manage custom emoji'
      subcommand 'emoji', Emoji
      desc 'feeds SUBCOMMAND ...ARGS', 'Manage feeds'
      subcommand 'feeds', Feeds
      desc 'media SUBCOMMAND ...ARGS', 'Manage media files'
      subcommand 'media', Media
      desc 'preview_cards SUBCOMMAND ...ARGS', 'Manage preview cards'
      subcommand 'preview_cards', PreviewCards
      desc 'search SUBCOMMAND ...ARGS', 'Manage the search engine'
      subcommand 'search', Search

      map %w[-v --version] => :version
      desc 'version', 'Show version'
      def version
        say(VERSION)
      end
    end
  end
end
