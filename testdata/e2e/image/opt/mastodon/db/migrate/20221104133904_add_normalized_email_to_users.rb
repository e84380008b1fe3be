class AddNormalizedEmailToUsers < ActiveRecord::Migration[8.0]; end
