class AddIndexUsersOnRole < ActiveRecord::Migration[8.0]; end
