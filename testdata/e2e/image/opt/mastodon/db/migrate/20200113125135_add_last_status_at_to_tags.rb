class AddLastStatusAtToTags < ActiveRecord::Migration[8.0]; end
