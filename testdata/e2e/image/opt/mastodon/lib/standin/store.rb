# frozen_string_literal: true

require 'redis'

module Standin
  # One connection to Redis.
  def self.store
    Redis.new(host: ENV.fetch('REDIS_HOST', 'localhost'), port: ENV.fetch('REDIS_PORT', '6379').to_i, password: ENV['REDIS_PASSWORD'],
              connect_timeout: 5, reconnect_attempts: 1)
  end

  def self.delete_keys(redis, pattern)
    redis.scan_each(match: pattern).each_slice(500) { |keys| redis.del(*keys) }
  end
end
