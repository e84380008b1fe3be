# frozen_string_literal: true

require 'pg'

module Standin
  # One session with PostgreSQL.
  class Database
    def initialize(name: $PROGRAM_NAME)
      @connection = PG.connect(
        host: ENV.fetch('DB_HOST', 'localhost'), port: ENV.fetch('DB_PORT', '5432'), dbname: ENV.fetch('DB_NAME', 'mastodon_production'),
        user: ENV.fetch('DB_USER', 'mastodon'), password: ENV['DB_PASS'], connect_timeout: 5, application_name: name
      )
    end

    def rows(sql, *values)
      @connection.exec_params(sql, values).to_a
    end

    def value(sql, *values)
      @connection.exec_params(sql, values).getvalue(0, 0)
    end

    # each walks a whole table without holding it in memory; the session stays free for other work.
    def each(sql, key: 'id', batch: 500)
      last = -(2**62)
      loop do
        found = rows("SELECT * FROM (#{sql}) found WHERE #{key} > $1 ORDER BY #{key} LIMIT #{batch}", last)
        break if found.empty?

        found.each { |row| yield row }
        last = found.last[key]
      end
    end

    def close
      @connection.close
    end
  end
end
