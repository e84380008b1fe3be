//go:build !linux

package backupset

var badDisks []badInput
