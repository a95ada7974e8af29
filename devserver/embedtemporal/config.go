package embedtemporal

import (
	"net"
	"strconv"
	"time"

	"go.temporal.io/server/common/authorization"
	"go.temporal.io/server/common/cluster"
	"go.temporal.io/server/common/config"
	"go.temporal.io/server/common/dynamicconfig"
	"go.temporal.io/server/common/membership/static"
	"go.temporal.io/server/common/primitives"
	"go.temporal.io/server/temporal"
)

const (
	clusterName = "active"
	// clusterID is kept in the file, and a server with another one would warn.
	clusterID = "7b0c6a1e-52a5-4a0b-9c0e-6a7d3f1f4c11"
	storeName = "sqlite"
)

// serverOptions puts the server together.
func serverOptions(o Options, store store, p ports, log *logger) []temporal.ServerOption {
	cfg := serverConfig(o, store, p)
	host := func(port int) static.Hosts { return static.SingleLocalHost(hostPort(o.ListenHost, port)) }
	return []temporal.ServerOption{
		temporal.WithConfig(cfg),
		temporal.ForServices(temporal.DefaultServices),
		temporal.WithStaticHosts(map[primitives.ServiceName]static.Hosts{
			primitives.FrontendService: host(p.frontend),
			primitives.HistoryService:  host(p.history),
			primitives.MatchingService: host(p.matching),
			primitives.WorkerService:   host(p.worker),
		}),
		temporal.WithLogger(log),
		temporal.WithAuthorizer(authorization.NewNoopAuthorizer()),
		temporal.WithClaimMapper(func(*config.Config) authorization.ClaimMapper {
			return authorization.NewNoopClaimMapper()
		}),
		temporal.WithDynamicConfigClient(settings()),
	}
}

// settings are what a laptop needs otherwise than a cluster.
func settings() dynamicconfig.StaticClient {
	return dynamicconfig.StaticClient{
		// There is one connection to SQLite; the default of 512 workers a queue
		// fight for it, and a burst of timers then ends in workflow task timeouts.
		dynamicconfig.TimerProcessorSchedulerWorkerCount.Key():      8,
		dynamicconfig.TransferProcessorSchedulerWorkerCount.Key():   8,
		dynamicconfig.VisibilityProcessorSchedulerWorkerCount.Key(): 8,
		// One process polls; partitions only add hops between them.
		dynamicconfig.MatchingNumTaskqueueReadPartitions.Key():  1,
		dynamicconfig.MatchingNumTaskqueueWritePartitions.Key(): 1,
		// Lists and counts are asked for by tests and by people; the default is 10.
		dynamicconfig.FrontendMaxNamespaceVisibilityRPSPerInstance.Key(): 100,
		// Workflow states held in memory; the default is for a machine of its own.
		dynamicconfig.HistoryCacheHostLevelMaxSize.Key(): 8096,
	}
}

// serverConfig is the static configuration: four services in one process, one
// shard, one store.
func serverConfig(o Options, store store, p ports) *config.Config {
	cfg := &config.Config{
		Persistence: config.Persistence{
			DefaultStore:     storeName,
			VisibilityStore:  storeName,
			NumHistoryShards: 1,
			DataStores:       map[string]config.DataStore{storeName: {SQL: store.config}},
		},
		ClusterMetadata: &cluster.Config{
			FailoverVersionIncrement: 10,
			MasterClusterName:        clusterName,
			CurrentClusterName:       clusterName,
			ClusterInformation: map[string]cluster.ClusterInformation{
				clusterName: {
					Enabled:                true,
					InitialFailoverVersion: 1,
					RPCAddress:             hostPort(o.ListenHost, p.frontend),
					ClusterID:              clusterID,
				},
			},
		},
		Services: map[string]config.Service{
			string(primitives.FrontendService): service(o.ListenHost, p.frontend),
			string(primitives.HistoryService):  service(o.ListenHost, p.history),
			string(primitives.MatchingService): service(o.ListenHost, p.matching),
			string(primitives.WorkerService):   service(o.ListenHost, p.worker),
		},
		PublicClient: config.PublicClient{HostPort: hostPort(o.ListenHost, p.frontend)},
	}
	cfg.Global.Membership.MaxJoinDuration = 30 * time.Second
	cfg.Global.Membership.BroadcastAddress = o.ListenHost
	cfg.DCRedirectionPolicy.Policy = "noop"
	cfg.Archival.History.State = "disabled"
	cfg.Archival.Visibility.State = "disabled"
	cfg.NamespaceDefaults.Archival.History.State = "disabled"
	cfg.NamespaceDefaults.Archival.Visibility.State = "disabled"
	return cfg
}

func service(host string, port int) config.Service {
	return config.Service{RPC: config.RPC{GRPCPort: port, BindOnIP: host}}
}

// ports are those of the four services; each must know the others', so the
// system cannot choose them when they are opened.
type ports struct{ frontend, history, matching, worker int }

// pickPorts finds four ports that are free now. All are held open until the last
// is known, so that they differ.
func pickPorts(host string) (p ports, err error) {
	for _, port := range []*int{&p.frontend, &p.history, &p.matching, &p.worker} {
		l, err := net.Listen("tcp", net.JoinHostPort(host, "0"))
		if err != nil {
			return ports{}, err
		}
		defer l.Close()
		*port = l.Addr().(*net.TCPAddr).Port
	}
	return p, nil
}

func hostPort(host string, port int) string {
	return net.JoinHostPort(host, strconv.Itoa(port))
}
