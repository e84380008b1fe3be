# frozen_string_literal: true

require_relative 'base'

module Standin
  module CLI
    class Cache < Base
      desc 'clear', 'Clear out the cache storage'
      def clear
        Standin.delete_keys(redis, 'cache:*')
        say('OK', :green)
      end
    end
  end
end
