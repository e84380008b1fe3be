class AddEditedAtToMediaAttachments < ActiveRecord::Migration[8.0]; end
