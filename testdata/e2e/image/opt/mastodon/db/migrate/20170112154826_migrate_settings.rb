class MigrateSettings < ActiveRecord::Migration[8.0]; end
