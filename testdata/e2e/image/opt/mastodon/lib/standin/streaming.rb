# frozen_string_literal: true

require_relative 'web'

module Standin
  # The streaming server: healthy while its database session is.
  module Streaming
    def self.run
      session = Session.new('streaming')
      server = Web.listen(4000)
      server.mount_proc('/api/v1/streaming/health') do |_, response|
        session.use { |database| database.value('SELECT 1') }
        response.body = 'OK'
      rescue PG::Error => e
        response.status = 503
        response.body = e.message
      end
      server.start
    end
  end
end
