class AddCategoryToReports < ActiveRecord::Migration[8.0]; end
