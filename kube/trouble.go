package kube

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// trouble is a failure that passes by itself.
type trouble struct {
	reason string        // for a person
	after  time.Duration // the server asks for at least this pause
	// doubtful troubles pass in most cases only; they are not waited for without end.
	doubtful bool
	answered bool // the server is there, but not itself yet
}

// or is t, unless there is none. The last failure before a deadline is often the deadline's own, and
// says less than the one before.
func (t trouble) or(other trouble) trouble {
	if t.reason == "" {
		return other
	}
	return t
}

// given is the error of a request that was given up in spite of it.
func (t trouble) given(err error, began time.Time) error {
	if t.reason == "" {
		return err
	}
	return fmt.Errorf("%s (for %s): %w", t.reason, time.Since(began).Round(time.Second), err)
}

// judge tells failures that pass from answers, and from failures that stay.
func (l *line) judge(resp *http.Response, err error) (trouble, bool) {
	if err != nil {
		return passing(err)
	}
	switch code := resp.StatusCode; code {
	case http.StatusTooManyRequests:
		return trouble{reason: "the API server asks us to slow down", after: retryAfter(resp)}, true
	case http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return trouble{reason: "the API server says " + strconv.Itoa(code) + " " + http.StatusText(code), after: retryAfter(resp)}, true
	case http.StatusInternalServerError:
		return trouble{reason: "the API server says 500 Internal Server Error", after: retryAfter(resp), doubtful: true}, true
	case http.StatusUnauthorized, http.StatusForbidden:
		if l.unsettled() {
			return trouble{reason: "the API server has just come back and refuses us", doubtful: true, answered: true}, true
		}
	}
	return trouble{}, false
}

// passing says whether an error of the connection can pass.
func passing(err error) (trouble, bool) {
	var (
		unknown  x509.UnknownAuthorityError
		hostname x509.HostnameError
		invalid  x509.CertificateInvalidError
		verify   *tls.CertificateVerificationError
		dns      *net.DNSError
		network  net.Error
	)
	switch {
	case errors.As(err, &unknown), errors.As(err, &hostname), errors.As(err, &invalid), errors.As(err, &verify):
		return trouble{}, false
	case errors.Is(err, syscall.ECONNREFUSED):
		return trouble{reason: "the API server refuses connections"}, true
	case errors.As(err, &dns):
		return trouble{reason: "the API server's name cannot be looked up"}, true
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &network) && network.Timeout():
		return trouble{reason: "the API server does not answer"}, true
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE), errors.Is(err, net.ErrClosed):
		return trouble{reason: "the API server closes the connection"}, true
	case errors.As(err, &network):
		return trouble{reason: "the API server cannot be reached"}, true
	case strings.Contains(err.Error(), "getting credentials"):
		return trouble{reason: "the credential plugin fails", doubtful: true}, true
	case strings.Contains(err.Error(), "server closed idle connection"), strings.Contains(err.Error(), "broken connection"):
		return trouble{reason: "the API server closes the connection"}, true
	}
	return trouble{}, false
}

// retryAfter is the pause a server asks for, within reason.
func retryAfter(resp *http.Response) time.Duration {
	seconds, err := strconv.Atoi(resp.Header.Get("Retry-After"))
	if err != nil || seconds < 0 {
		return 0
	}
	return min(time.Duration(seconds)*time.Second, 30*time.Second)
}
