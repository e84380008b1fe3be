class AddQuotePoliciesToStatuses < ActiveRecord::Migration[8.0]; end
