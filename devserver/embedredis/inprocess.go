package embedredis

import (
	"context"
	"errors"
)

func startInProcess(ctx context.Context, o Options) (*Redis, error) {
	return nil, errors.New("not yet")
}
