class CreateRules < ActiveRecord::Migration[8.0]; end
