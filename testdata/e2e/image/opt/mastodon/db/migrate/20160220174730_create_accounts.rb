class CreateAccounts < ActiveRecord::Migration[8.0]; end
