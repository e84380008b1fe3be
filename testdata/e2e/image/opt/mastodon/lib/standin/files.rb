# frozen_string_literal: true

require 'fileutils'
require 'securerandom'
require_relative 'environment'

module Standin
  # Media files at the paths Mastodon gives them.
  module Files
    def self.directory(root, id)
      digits = id.to_s.rjust(9, '0')
      digits = digits.rjust((digits.size + 2) / 3 * 3, '0')
      File.join(SYSTEM, root, digits.scan(/.../).join('/'))
    end

    # All styles of one record's attachment lie under one directory, and nothing else does.
    def self.remove(root, id)
      directory = directory(root, id)
      FileUtils.rm_rf(directory)
      FileUtils.rmdir(File.dirname(directory), parents: true)
    rescue Errno::ENOTEMPTY, Errno::ENOENT
      # A neighbour still lives there.
    end

    # write puts a new file of random bytes in place of what was there and returns its name and size.
    def self.write(root, id, extension)
      remove(root, id)
      name = SecureRandom.hex(8) + extension
      folder = File.join(directory(root, id), 'original')
      FileUtils.mkdir_p(folder)
      size = File.binwrite(File.join(folder, name), SecureRandom.random_bytes(2048))
      [name, size]
    end
  end
end
