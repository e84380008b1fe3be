package main

import (
	"os"

	"golang.org/x/term"
)

// face is how a run is shown.
type face int

const (
	faceWizard face = iota
	facePlain
	faceVerbose
	faceJSON
)

// face chooses the wizard only where somebody sees it and it can be drawn.
func (s *settings) face() face {
	switch {
	case s.output == "json":
		return faceJSON
	case s.plain || !onTerminal() || os.Getenv("TERM") == "dumb" || os.Getenv("TERM") == "" || os.Getenv("ACCESSIBLE") != "":
		if s.verbose {
			return faceVerbose
		}
		return facePlain
	}
	return faceWizard
}

func onTerminal() bool {
	return term.IsTerminal(int(os.Stdin.Fd())) && term.IsTerminal(int(os.Stdout.Fd()))
}

// headless says that nobody can be asked anything.
func (s *settings) headless() bool {
	return s.output == "json" || !term.IsTerminal(int(os.Stdin.Fd()))
}
