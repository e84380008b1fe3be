class MigrateDeviseTwoFactorSecrets < ActiveRecord::Migration[8.0]; end
