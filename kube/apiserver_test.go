package kube

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/yaml"
)

// thing is an object of the API server as JSON has it.
type thing = map[string]any

// apiServer is an API server over HTTP: it stores, lists, selects, patches and deletes as the real
// one does, refuses stale versions, and runs no controllers. Tests put faults before it.
type apiServer struct {
	t    *testing.T
	http *httptest.Server

	mu      sync.Mutex
	objects map[string]thing // by path
	version int
	asked   []string // METHOD path, in order
	// fault may answer a request itself, and then says so.
	fault func(w http.ResponseWriter, r *http.Request) bool
	// forbidden are "verb resource", or "resource" for every verb.
	forbidden []string
	exec      http.HandlerFunc
}

func newAPIServer(t *testing.T, fixtures ...string) *apiServer {
	t.Helper()
	s := &apiServer{t: t, objects: make(map[string]thing)}
	for _, name := range fixtures {
		content, err := os.ReadFile("testdata/" + name)
		require.NoError(t, err)
		s.add(string(content))
	}
	s.add("apiVersion: v1\nkind: Namespace\nmetadata: {name: kube-system, uid: 00000000-0000-0000-0000-000000000001}")
	s.http = httptest.NewServer(s)
	t.Cleanup(s.http.Close)
	return s
}

// cluster is a client of the server, in namespace fedi, that loses no time.
func (s *apiServer) cluster(o Options) *Cluster {
	s.t.Helper()
	o.Namespace = "fedi"
	config := &rest.Config{Host: s.http.URL, ContentConfig: rest.ContentConfig{ContentType: "application/json"}}
	c, err := newCluster(access{config: config, note: "a test", context: "test", user: "tester"}, o)
	require.NoError(s.t, err)
	c.line.first, c.line.longest = time.Millisecond, 5*time.Millisecond
	return c
}

// add stores the objects of a YAML stream.
func (s *apiServer) add(manifests string) {
	s.t.Helper()
	for _, document := range strings.Split("\n"+manifests, "\n---\n") {
		var o thing
		require.NoError(s.t, yaml.Unmarshal([]byte(document), &o))
		if o == nil {
			continue
		}
		if data, ok := o["stringData"].(thing); ok { // the API server's own convenience
			encoded := thing{}
			for k, v := range data {
				encoded[k] = []byte(v.(string))
			}
			o["data"] = encoded
			delete(o, "stringData")
		}
		s.put(pathOf(o), o)
	}
}

func pathOf(o thing) string {
	meta := o["metadata"].(thing)
	version, kind := o["apiVersion"].(string), strings.ToLower(o["kind"].(string))
	path := "/apis/" + version
	if version == "v1" {
		path = "/api/v1"
	}
	if namespace, ok := meta["namespace"].(string); ok {
		path += "/namespaces/" + namespace
	}
	resource := kind + "s"
	if stem, ok := strings.CutSuffix(kind, "y"); ok {
		resource = stem + "ies"
	}
	return path + "/" + resource + "/" + meta["name"].(string)
}

// put stores an object as a new version.
func (s *apiServer) put(path string, o thing) thing {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.store(path, o)
}

func (s *apiServer) store(path string, o thing) thing {
	encoded, err := json.Marshal(o)
	require.NoError(s.t, err)
	var own thing
	require.NoError(s.t, json.Unmarshal(encoded, &own))
	s.version++
	meta := own["metadata"].(thing)
	meta["resourceVersion"] = strconv.Itoa(s.version)
	if meta["uid"] == nil {
		meta["uid"] = fmt.Sprintf("uid-%d", s.version)
	}
	s.objects[path] = own
	return own
}

func (s *apiServer) get(path string) (thing, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	o, ok := s.objects[path]
	return o, ok
}

// requests are those so far that a method and part of a path are in.
func (s *apiServer) requests(method, part string) (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, a := range s.asked {
		if strings.HasPrefix(a, method+" ") && strings.Contains(a, part) {
			n++
		}
	}
	return n
}

func (s *apiServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.asked = append(s.asked, r.Method+" "+r.URL.Path)
	fault, exec := s.fault, s.exec
	s.mu.Unlock()
	if fault != nil && fault(w, r) {
		return
	}
	if exec != nil && strings.HasSuffix(r.URL.Path, "/exec") {
		exec(w, r)
		return
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	code, answer := s.locked(r, body)
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(answer)
}

func (s *apiServer) locked(r *http.Request, body []byte) (int, thing) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.answer(r, body)
}

// answer does what a request asks. s.mu is held.
func (s *apiServer) answer(r *http.Request, body []byte) (int, thing) {
	path := r.URL.Path
	parts := strings.Split(strings.Trim(path, "/"), "/")
	head := 2 // api v1
	if parts[0] == "apis" {
		head = 3
	}
	rest := parts[head:]
	if len(rest) > 2 && rest[0] == "namespaces" {
		rest = rest[2:]
	}
	resource, item := rest[0], len(rest) > 1
	switch resource {
	case "selfsubjectreviews":
		return 201, thing{"kind": "SelfSubjectReview", "apiVersion": "authentication.k8s.io/v1", "status": thing{"userInfo": thing{"username": "system:admin"}}}
	case "selfsubjectaccessreviews":
		return s.review(body)
	}
	if s.refuses(verb(r.Method, item), resource) {
		return status(403, "Forbidden", fmt.Sprintf("%s is forbidden: User \"tester\" cannot %s resource", resource, r.Method))
	}
	switch {
	case r.Method == http.MethodGet && item:
		if o, ok := s.objects[path]; ok {
			return 200, o
		}
		return status(404, "NotFound", path+" not found")
	case r.Method == http.MethodGet:
		return 200, s.list(r, resource)
	case r.Method == http.MethodPost:
		return s.create(r, path, body)
	}
	o, ok := s.objects[path]
	if !ok {
		return status(404, "NotFound", path+" not found")
	}
	return s.change(r, path, o, body)
}

func verb(method string, item bool) string {
	switch {
	case method == http.MethodGet && item:
		return "get"
	case method == http.MethodGet:
		return "list"
	case method == http.MethodPost:
		return "create"
	case method == http.MethodPut:
		return "update"
	}
	return strings.ToLower(method)
}

func (s *apiServer) refuses(verb, resource string) bool {
	return slices.Contains(s.forbidden, verb+" "+resource) || slices.Contains(s.forbidden, resource)
}

func (s *apiServer) review(body []byte) (int, thing) {
	var review struct {
		Spec struct {
			ResourceAttributes struct{ Verb, Resource, Subresource string }
		}
	}
	require.NoError(s.t, json.Unmarshal(body, &review))
	a := review.Spec.ResourceAttributes
	resource := strings.TrimSuffix(a.Resource+"/"+a.Subresource, "/")
	return 201, thing{"kind": "SelfSubjectAccessReview", "apiVersion": "authorization.k8s.io/v1", "status": thing{"allowed": !s.refuses(a.Verb, resource)}}
}

func (s *apiServer) list(r *http.Request, resource string) thing {
	want, err := labels.Parse(r.URL.Query().Get("labelSelector"))
	require.NoError(s.t, err)
	fieldsWanted, err := fields.ParseSelector(r.URL.Query().Get("fieldSelector"))
	require.NoError(s.t, err)
	items := []any{}
	for _, path := range slices.Sorted(maps.Keys(s.objects)) {
		o := s.objects[path]
		here := strings.HasPrefix(path, r.URL.Path+"/") ||
			!strings.Contains(r.URL.Path, "/namespaces/") && strings.Contains(path, "/"+resource+"/")
		if here && want.Matches(labelsOf(o)) && fieldsWanted.Matches(fieldsOf(o)) {
			items = append(items, o)
		}
	}
	return thing{"metadata": thing{"resourceVersion": strconv.Itoa(s.version)}, "items": items}
}

func labelsOf(o thing) labels.Set {
	set := labels.Set{}
	own, _ := o["metadata"].(thing)["labels"].(thing)
	for k, v := range own {
		set[k] = v.(string)
	}
	return set
}

func fieldsOf(o thing) fields.Set {
	set := fields.Set{}
	if s, ok := o["reason"].(string); ok {
		set["reason"] = s
	}
	involved, _ := o["involvedObject"].(thing)
	for k, v := range involved {
		set["involvedObject."+k], _ = v.(string)
	}
	return set
}

func (s *apiServer) create(r *http.Request, path string, body []byte) (int, thing) {
	var o thing
	require.NoError(s.t, json.Unmarshal(body, &o))
	path += "/" + o["metadata"].(thing)["name"].(string)
	if _, there := s.objects[path]; there {
		return status(409, "AlreadyExists", path+" already exists")
	}
	if r.URL.Query().Get("dryRun") == "All" {
		return 201, o
	}
	return 201, s.store(path, o)
}

func (s *apiServer) change(r *http.Request, path string, o thing, body []byte) (int, thing) {
	meta := o["metadata"].(thing)
	var change thing
	if len(bytes.TrimSpace(body)) > 0 {
		require.NoError(s.t, json.Unmarshal(body, &change))
	}
	switch r.Method {
	case http.MethodPut:
		if sent := change["metadata"].(thing)["resourceVersion"]; sent != nil && sent != "" && sent != meta["resourceVersion"] {
			return status(409, "Conflict", "the object has been modified")
		}
		return 200, s.store(path, change)
	case http.MethodPatch:
		require.Equal(s.t, "application/merge-patch+json", r.Header.Get("Content-Type"))
		return 200, s.store(path, mergePatch(o, change))
	}
	if p, ok := change["preconditions"].(thing); ok {
		if p["uid"] != nil && p["uid"] != meta["uid"] || p["resourceVersion"] != nil && p["resourceVersion"] != meta["resourceVersion"] {
			return status(409, "Conflict", "the precondition does not hold")
		}
	}
	delete(s.objects, path)
	return status(200, "", "")
}

func mergePatch(o, patch thing) thing {
	merged := maps.Clone(o)
	if merged == nil {
		merged = thing{}
	}
	for k, v := range patch {
		if nested, ok := v.(thing); ok {
			old, _ := merged[k].(thing)
			merged[k] = mergePatch(old, nested)
		} else if v == nil {
			delete(merged, k)
		} else {
			merged[k] = v
		}
	}
	return merged
}

func status(code int, reason, message string) (int, thing) {
	word := "Failure"
	if code < 300 {
		word = "Success"
	}
	return code, thing{"kind": "Status", "apiVersion": "v1", "status": word, "code": code, "reason": reason, "message": message, "details": thing{}}
}

// say writes a Status as the API server does.
func say(w http.ResponseWriter, code int, reason, message string) {
	_, answer := status(code, reason, message)
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(answer)
}
