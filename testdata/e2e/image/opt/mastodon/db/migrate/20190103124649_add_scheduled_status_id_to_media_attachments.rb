class AddScheduledStatusIdToMediaAttachments < ActiveRecord::Migration[8.0]; end
