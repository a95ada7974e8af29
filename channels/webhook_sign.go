package channels

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// secretPrefix begins a secret as Standard Webhooks writes it.
const secretPrefix = "whsec_"

// parseSecret reads one secret: "whsec_" and 24 to 64 bytes in base64 (Standard
// Webhooks 1.0, "Signature scheme"). Its errors do not show the secret.
func parseSecret(s string) ([]byte, error) {
	raw, ok := strings.CutPrefix(s, secretPrefix)
	if !ok {
		return nil, fmt.Errorf("a webhook secret begins with %s, then 24 to 64 random bytes in base64", secretPrefix)
	}
	key, err := base64.StdEncoding.DecodeString(raw)
	if err != nil {
		return nil, fmt.Errorf("what follows %s in the webhook secret is not base64", secretPrefix)
	}
	if len(key) < 24 || len(key) > 64 {
		return nil, fmt.Errorf("the webhook secret has %d bytes: use 24 to 64", len(key))
	}
	return key, nil
}

// signature is the value of the webhook-signature header: one "v1," signature over
// "id.timestamp.body" for each active secret, so that a secret can be replaced
// while both are in force.
func signature(secrets [][]byte, id string, at time.Time, body []byte) string {
	signed := make([]string, len(secrets))
	for i, key := range secrets {
		mac := hmac.New(sha256.New, key)
		mac.Write([]byte(id + "." + strconv.FormatInt(at.Unix(), 10) + "."))
		mac.Write(body)
		signed[i] = "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
	}
	return strings.Join(signed, " ")
}
