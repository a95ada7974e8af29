package store

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"strconv"
	"strings"

	"journey/profiles"
)

// Every key name is built here and described in docs/redis-keys.md. What
// stands in braces decides the slot in a cluster.

// Partitions is the number of partitions. It is fixed: what is stored says
// where it is by it.
const Partitions = 256

// The keys of the whole installation.
const (
	keySettings  = "{journey}settings"
	keyNames     = "{journey}names"
	keyReleases  = "{journey}releases"
	keySwitches  = "{journey}switches"
	keyProcesses = "{journey}processes"
	keyProbe     = "{journey}probe"

	keyWriteKeys = "{journey}writekeys"
	keyTally     = "{journey}tally"

	keyBroadcasts   = "{journey}broadcasts"
	keyBroadcasting = "{journey}broadcasting"

	keyAudit    = "{journey}audit"
	keyErasures = "{journey}erasures"
	keyErasing  = "{journey}erasing"
)

func keySources(hash string) string { return "{journey}sources:" + hash }

// Partition is the partition of a profile.
func Partition(id string) int {
	h := fnv.New64a()
	h.Write([]byte(id))
	sum := h.Sum64()
	sum ^= sum >> 32
	sum ^= sum >> 16
	return int((sum ^ sum>>8) & (Partitions - 1))
}

var tags = func() (t [Partitions]string) {
	for i := range t {
		t[i] = fmt.Sprintf("{p%03d}", i)
	}
	return t
}()

// The keys of a partition.
func keyControl(partition int) string { return tags[partition] + "control" }
func keyDue(partition int) string     { return tags[partition] + "due" }
func keyOutbox(partition int) string  { return tags[partition] + "outbox" }
func keyLog(partition int) string     { return tags[partition] + "log" }
func keyCounts(partition int) string  { return tags[partition] + "counts" }

// The keys of a person.
func keyPerson(id string) string { return tags[Partition(id)] + "p" + id }
func keyFields(id string) string { return tags[Partition(id)] + "f" + id }

// personKeys are the keys of a commit, ready to be sent.
type personKeys struct {
	id, control, person, fields, due, outbox, log, counts any // strings
}

// partitionKeys are those that all people of a partition share.
var partitionKeys = func() (all [Partitions]personKeys) {
	for i := range all {
		all[i] = personKeys{control: keyControl(i), due: keyDue(i), outbox: keyOutbox(i), log: keyLog(i), counts: keyCounts(i)}
	}
	return all
}()

func newPersonKeys(id string) *personKeys {
	k := partitionKeys[Partition(id)]
	k.id, k.person, k.fields = id, keyPerson(id), keyFields(id)
	return &k
}

// keyMarks is where the marks are that were spilled on a day, counted in days
// of real time since 1970.
func keyMarks(id string, day int64) string {
	return tags[Partition(id)] + "m" + strconv.FormatInt(day, 36) + ":" + id
}

// keyBucket and its field are where an identifier stands in the index. The
// field is a hash, so that it is short (a long one would make the bucket take
// three times the memory), and a keyed one, so that nobody who reads only the
// index can try out who is in it: an entry may outlive the person's data.
func (s *Store) keyBucket(id profiles.Identifier) (key, field string) {
	h := sha256.New()
	if k := s.indexKey.Load(); k != nil && len(*k) > 0 { // else the index is older than its key
		h = hmac.New(sha256.New, *k)
	}
	h.Write([]byte(id.Trait + "\x00" + id.Value))
	sum := h.Sum(nil)
	n := binary.BigEndian.Uint64(sum[16:]) % uint64(s.buckets)
	return fmt.Sprintf("{i%04x}", n), string(sum[:16])
}

// RunProfile is the id of the profile that a run was made for: the part of
// the run's id before its number. After a merge it leads to the winner (Load
// follows). "" if it is no run's id.
func RunProfile(run string) string {
	i := strings.LastIndexByte(run, '.')
	if i < 0 {
		return ""
	}
	return run[:i]
}
