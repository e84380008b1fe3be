class AddIndexOnStatusesForAccounts < ActiveRecord::Migration[8.0]; end
