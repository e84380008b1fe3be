# frozen_string_literal: true

require_relative 'database'

module Standin
  # rails db:… : the migrations of this version are the files in db/migrate.
  class Migrate
    def self.run(task)
      case task
      when 'db:migrate' then new.migrate
      when 'db:version' then puts "Current version: #{Database.new.value('SELECT max(version) FROM schema_migrations')}"
      when 'db:abort_if_pending_migrations' then new.abort_if_pending
      else abort "rails aborted!\nDon't know how to build task '#{task}' (See the list of available tasks with `rails --tasks`)"
      end
    end

    def initialize
      @database = Database.new(name: 'rails')
    end

    def migrate
      # Rails takes an advisory lock so that two migrations never run at once.
      abort 'rails aborted!' unless @database.value('SELECT pg_try_advisory_lock(2053462845)') == 't'
      pending.each { |version, name| apply(version, name) }
    end

    def abort_if_pending
      return if pending.empty?

      abort "You have #{pending.size} pending migrations:\n#{pending.map { |version, name| "  #{version} #{name}" }.join("\n")}"
    end

    private

    def pending
      done = @database.rows('SELECT version FROM schema_migrations').map { |row| row['version'] }
      Dir[File.join(ROOT, 'db/migrate/*.rb')].sort.map { |path| File.basename(path, '.rb').split('_', 2) }.reject { |version, _| done.include?(version) }
    end

    def apply(version, name)
      title = "#{version} #{name.split('_').map(&:capitalize).join}"
      started = Process.clock_gettime(Process::CLOCK_MONOTONIC)
      heading("#{title}: migrating")
      Standin.linger
      @database.rows('INSERT INTO schema_migrations (version) VALUES ($1)', version)
      heading(format("#{title}: migrated (%.4fs)", Process.clock_gettime(Process::CLOCK_MONOTONIC) - started))
      puts
    end

    def heading(text)
      puts "== #{text} #{'=' * [75 - text.size, 0].max}"
    end
  end
end
