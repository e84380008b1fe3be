# frozen_string_literal: true

require 'thor'
require 'pastel'
require 'ruby-progressbar'
require_relative '../database'
require_relative '../files'
require_relative '../store'

module Standin
  module CLI
    # What all commands share. Output comes from the same libraries as that of the real tootctl.
    class Base < Thor
      def self.exit_on_failure?
        true
      end

      private

      def database
        @database ||= Database.new(name: 'tootctl')
      end

      def redis
        @redis ||= Standin.store
      end

      def progress_bar(total)
        ProgressBar.create(total: total, format: '%c/%u |%b%i| %e')
      end

      # Works through the records of a query and adds up the sizes that the block returns. What fails
      # with one record is printed and forgotten: the command still ends with 0.
      def with_progress(sql)
        progress = progress_bar(database.value("SELECT count(*) FROM (#{sql}) found").to_i)
        seen = bytes = 0
        database.each(sql) do |row|
          progress.log("Processing #{row['id']}") if options[:verbose]
          Standin.linger
          bytes += yield(row).to_i
        rescue StandardError => e
          progress.log(Pastel.new(enabled: true).red("Error processing #{row['id']}: #{e}"))
        ensure
          seen += 1
          progress.increment
        end
        progress.stop
        [seen, bytes]
      end

      def dry_run?
        options[:dry_run]
      end

      def dry_run_suffix
        dry_run? ? ' (DRY RUN)' : ''
      end

      def human_size(bytes)
        return "#{bytes} Bytes" if bytes < 1024

        unit = %w[KB MB GB TB].find { (bytes /= 1024.0) < 1024 }
        digits = [2 - Math.log10(bytes).floor, 0].max
        "#{format("%.#{digits}f", bytes).sub(/\.?0+\z/, '')} #{unit}"
      end
    end
  end
end
