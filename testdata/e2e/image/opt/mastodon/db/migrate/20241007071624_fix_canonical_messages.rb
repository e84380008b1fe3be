class FixCanonicalMessages < ActiveRecord::Migration[8.0]; end
