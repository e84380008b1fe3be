# frozen_string_literal: true

require 'json'
require 'webrick'
require_relative 'environment'
require_relative 'session'

module Standin
  # What people's browsers see: health, the server's description, and the media files.
  class Web
    def self.run
      server = listen(3000)
      web = new(Session.new('puma'))
      server.mount_proc('/health') { |_, response| web.health(response) }
      server.mount_proc('/api/v2/instance') { |_, response| web.instance(response) }
      server.mount('/system', WEBrick::HTTPServlet::FileHandler, SYSTEM)
      server.start
    end

    def self.listen(port)
      $stdout.sync = true
      server = WEBrick::HTTPServer.new(Port: ENV.fetch('PORT', port).to_i, AccessLog: [], Logger: WEBrick::Log.new($stdout, WEBrick::Log::WARN))
      %w[TERM INT].each { |signal| trap(signal) { server.shutdown } }
      puts "Listening on http://0.0.0.0:#{server.config[:Port]}"
      server
    end

    def initialize(session)
      @session = session
    end

    # Asks for rows, not only for an answer: a database without its tables is not healthy.
    def health(response)
      @session.use { |database| database.value('SELECT count(*) FROM (SELECT FROM users, statuses, schema_migrations LIMIT 1) rows') }
      response.body = 'OK'
    rescue PG::Error => e
      response.status = 503
      response.body = e.message
      puts "health: #{e.message.lines.first}"
    end

    def instance(response)
      users = @session.use { |database| database.value('SELECT count(*) FROM users').to_i }
      response['Content-Type'] = 'application/json'
      response.body = JSON.generate(domain: ENV.fetch('LOCAL_DOMAIN', nil), version: VERSION, usage: { users: { active_month: users } })
    rescue PG::Error => e
      response.status = 500
      response.body = JSON.generate(error: e.message)
    end
  end
end
