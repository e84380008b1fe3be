# frozen_string_literal: true

# The settings every part of the stand-in reads, from the variables Mastodon reads.
module Standin
  ROOT    = File.expand_path('../..', __dir__)
  SYSTEM  = File.join(ROOT, 'public', 'system')
  VERSION = '4.5.0'

  REQUIRED = %w[
    ACTIVE_RECORD_ENCRYPTION_PRIMARY_KEY
    ACTIVE_RECORD_ENCRYPTION_DETERMINISTIC_KEY
    ACTIVE_RECORD_ENCRYPTION_KEY_DERIVATION_SALT
  ].freeze

  # Rails refuses to boot without its encryption keys; so do we.
  def self.require_secrets!
    missing = REQUIRED.reject { |name| ENV[name] && !ENV[name].empty? }
    abort "Mastodon now requires that these variables are set: #{missing.join(', ')}" unless missing.empty?
  end

  # Where a test wants time to pass: seconds that each record takes.
  def self.linger
    sleep ENV['STANDIN_LINGER'].to_f if ENV['STANDIN_LINGER']
  end
end
