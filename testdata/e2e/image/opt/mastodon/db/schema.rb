# Only the version matters here; the stand-in's tables come with the sample.
ActiveRecord::Schema[8.0].define(version: 2025_10_23_210145) do
end
