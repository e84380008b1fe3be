# frozen_string_literal: true

require_relative 'database'

module Standin
  # A database session kept for as long as the process lives, as a connection pool keeps one.
  class Session
    def initialize(name)
      @name = name
      @lock = Mutex.new
    end

    # use lends the session; one that has failed is thrown away, so that the next call starts afresh.
    def use
      @lock.synchronize do
        @database ||= Database.new(name: @name)
        yield @database
      rescue PG::Error
        @database&.close rescue nil
        @database = nil
        raise
      end
    end
  end
end
