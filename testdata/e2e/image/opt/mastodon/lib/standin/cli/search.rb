# frozen_string_literal: true

require 'net/http'
require_relative 'base'

module Standin
  module CLI
    class Search < Base
      INDICES = %w[instances accounts tags statuses].freeze

      option :concurrency, type: :numeric, default: 5, aliases: [:c]
      option :batch_size, type: :numeric, default: 100, aliases: [:b]
      option :only, type: :array, enum: INDICES
      option :import, type: :boolean, default: true
      option :clean, type: :boolean, default: true
      option :reset_chewy, type: :boolean, default: false
      option :only_mapping, type: :boolean, default: false
      desc 'deploy', 'Create or upgrade Elasticsearch indices and populate them'
      def deploy
        indices = options[:only] || INDICES
        Net::HTTP.start(ENV.fetch('ES_HOST', 'localhost'), ENV.fetch('ES_PORT', '9200').to_i, open_timeout: 5) do |search|
          indices.each { |index| search.put("/#{index}", '{}', 'Content-Type' => 'application/json') }
        end
        say("Indexed #{options[:import] ? import(indices) : 0} records, de-indexed 0", :green, true)
      end

      private

      def import(indices)
        totals = indices.to_h { |index| [index, database.value("SELECT count(*) FROM #{index}").to_i] }
        progress = progress_bar(totals.values.sum)
        totals.each do |index, total|
          progress.title = "Importing #{index.capitalize}Index"
          total.times do
            Standin.linger
            progress.increment
          end
        end
        progress.title = 'Done! '
        progress.finish
        totals.values.sum
      end
    end
  end
end
