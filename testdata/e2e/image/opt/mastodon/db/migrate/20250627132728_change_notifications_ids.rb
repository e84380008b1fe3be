class ChangeNotificationsIds < ActiveRecord::Migration[8.0]; end
