class RemoveLegacyDeviseTwoFactorColumns < ActiveRecord::Migration[8.0]; end
