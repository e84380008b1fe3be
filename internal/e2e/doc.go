// Package e2e restores servers on a real Kubernetes. Its tests stand a server up in a namespace of
// their own (testdata/e2e), make a backup set with the commands of the backup script, break the
// server, run the program, and compare rows and files with what was backed up.
//
//	LAB=../shared/lab/lab testdata/e2e/images.sh
//	LAB=../shared/lab/lab KUBECONFIG=… make e2e
//
// What the tests read from the environment:
//
//	KUBECONFIG       the cluster; needed
//	LAB              the lab's command: faults, volumes of one node and small volumes need it
//	E2E_WITHOUT_LAB  1 leaves out, aloud, the scenarios that need LAB
//	E2E_IMAGES       prefix of the images, 127.0.0.1:5001/ when empty
//	E2E_PROGRAM      the program; built from this tree when empty
//	E2E_KILLS        how often the program is killed, 10 when empty
//	E2E_SCALE        multiplies the size of the large server, 1 when empty
//	E2E_SEED         the seed of what is left to chance; printed by each test that uses it
//	E2E_KEEP         1 leaves the namespaces for a look
//
// The package imports nothing of the program but its sample server: it knows the program from
// outside, as an administrator does. Tests run one after the other; a machine with two cores serves
// one server at a time.
package e2e
