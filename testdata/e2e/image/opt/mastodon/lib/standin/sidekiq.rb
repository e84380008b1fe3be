# frozen_string_literal: true

require 'json'
require 'socket'
require_relative 'environment'
require_relative 'session'
require_relative 'store'

module Standin
  # A worker: keeps a database session, tells Redis that it lives, and, where it has the queue
  # "scheduler", publishes scheduled posts that are due, every five minutes as Mastodon does.
  class Sidekiq
    def self.run(arguments)
      queues = arguments.each_cons(2).filter_map { |flag, value| value.split(',').first if flag == '-q' }
      new(queues).run
    end

    def initialize(queues)
      @queues = queues
      @session = Session.new('sidekiq')
      @redis = Standin.store
      @identity = "#{Socket.gethostname}:#{Process.pid}:sidekiq"
      @due = now + 300
    end

    def run
      $stdout.sync = true
      stop, wake = IO.pipe
      %w[TERM INT].each { |signal| trap(signal) { wake.write_nonblock('.') } }
      puts "Running with queues #{@queues.join(', ')}"
      beat until stop.wait_readable(2)
      @redis.srem('processes', @identity) rescue nil
      puts 'Bye!'
    end

    private

    def now
      Process.clock_gettime(Process::CLOCK_MONOTONIC)
    end

    def beat
      @session.use { |database| database.value('SELECT 1') }
      @redis.multi do |transaction|
        transaction.sadd('processes', @identity)
        transaction.hset(@identity, 'info', JSON.generate(queues: @queues), 'beat', Time.now.to_f)
        transaction.expire(@identity, 60)
      end
      publish if @queues.include?('scheduler') && now > @due
    rescue PG::Error, Redis::BaseError => e
      puts "WARN: #{e.message.lines.first}"
    end

    def publish
      @due = now + 300
      @session.use do |database|
        database.rows(<<~SQL)
          WITH due AS (DELETE FROM scheduled_statuses WHERE scheduled_at < now() RETURNING account_id, params)
          INSERT INTO statuses (account_id, text, local, created_at, updated_at) SELECT account_id, params->>'text', true, now(), now() FROM due
        SQL
      end
    end
  end
end
