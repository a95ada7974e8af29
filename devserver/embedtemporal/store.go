package embedtemporal

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/google/uuid"
	"go.temporal.io/server/common/config"
	"go.temporal.io/server/common/headers"
	sqliteplugin "go.temporal.io/server/common/persistence/sql/sqlplugin/sqlite"
	"go.temporal.io/server/common/primitives/timestamp"
	sqliteschema "go.temporal.io/server/schema/sqlite"
)

// The SQLite file. Beside FILE stands FILE.version, the version of the server
// that made it. It is written last, so it also says that the file is complete:
// a file without it was cut off while it was made.

// store is the database, ready for a server.
type store struct{ config *config.SQL }

// openStore returns the database with schema and namespace in it.
func openStore(o Options) (store, error) {
	s := store{config: &config.SQL{PluginName: sqliteplugin.PluginName}}
	if o.File == "" {
		// Every server in this process needs a name of its own.
		s.config.DatabaseName = "journey-" + uuid.NewString()
		s.config.ConnectAttributes = map[string]string{"mode": "memory", "cache": "shared"}
		return s, s.createNamespace(o)
	}
	file, err := filepath.Abs(o.File)
	if err != nil {
		return s, fmt.Errorf("temporal's file %s: %w", o.File, err)
	}
	// The name becomes part of a URI. All connections must have the same
	// attributes. With the write-ahead log and synchronous=normal a commit
	// survives the process's end; the machine's may cost the last ones.
	s.config.DatabaseName = strings.NewReplacer("%", "%25", "?", "%3f", "#", "%23").Replace(file)
	s.config.ConnectAttributes = map[string]string{"mode": "rwc", "journal_mode": "wal", "synchronous": "1"}
	fresh, err := settle(file, o)
	if err != nil {
		return s, err
	}
	if fresh {
		if err := sqliteschema.SetupSchema(s.config); err != nil {
			return s, fmt.Errorf("lay out temporal's file %s: %w", file, err)
		}
	}
	if err := s.createNamespace(o); err != nil {
		return s, err
	}
	if fresh {
		if err := os.WriteFile(versionFile(file), []byte(headers.ServerVersion+"\n"), 0o600); err != nil {
			return s, fmt.Errorf("temporal's file %s: %w", file, err)
		}
	}
	return s, nil
}

// createNamespace does nothing if it is there.
func (s store) createNamespace(o Options) error {
	ns, err := sqliteschema.NewNamespaceConfig(clusterName, o.Namespace, false, nil)
	if err == nil {
		ns.Detail.Config.Retention = timestamp.DurationPtr(o.Retention)
		err = sqliteschema.CreateNamespaces(s.config, ns)
	}
	if err != nil {
		return fmt.Errorf("temporal's namespace %s: %w", o.Namespace, err)
	}
	return nil
}

func versionFile(file string) string { return file + ".version" }

// settle decides whether the file can be used. It reports true if there is to be
// a new one; a file of another version is kept under another name.
func settle(file string, o Options) (fresh bool, err error) {
	if _, err := os.Stat(file); errors.Is(err, fs.ErrNotExist) {
		// Left-overs of a removed file would be read as its newest changes.
		for _, left := range []string{file + "-wal", file + "-shm", versionFile(file)} {
			if err := os.Remove(left); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return false, fmt.Errorf("temporal's file %s: %w", file, err)
			}
		}
		return true, nil
	} else if err != nil {
		return false, fmt.Errorf("temporal's file %s: %w", file, err)
	}
	b, err := os.ReadFile(versionFile(file))
	version := strings.TrimSpace(string(b))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		version = "unfinished"
	case err != nil:
		return false, fmt.Errorf("temporal's file %s: %w", file, err)
	case version == headers.ServerVersion:
		return false, nil
	}
	kept, err := setAside(file, version)
	if err != nil {
		return false, fmt.Errorf("set temporal's file %s aside: %w", file, err)
	}
	o.Logger.Warn("temporal starts on a new file: the old one is of another server version",
		"file", file, "was", version, "is", headers.ServerVersion, "kept_as", kept)
	return true, nil
}

// setAside renames the file and what SQLite keeps beside it; the version goes
// first, so that a second attempt finds an unfinished file and not a good one.
func setAside(file, version string) (kept string, err error) {
	kept = file + "." + filepath.Base(version)
	for n := 2; ; n++ {
		if _, err := os.Lstat(kept); errors.Is(err, fs.ErrNotExist) {
			break
		} else if err != nil {
			return "", err
		}
		kept = fmt.Sprintf("%s.%s-%d", file, filepath.Base(version), n)
	}
	for _, suffix := range []string{".version", "-wal", "-shm", ""} {
		if err := os.Rename(file+suffix, kept+suffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return "", err
		}
	}
	return kept, nil
}
