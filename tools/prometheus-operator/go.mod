// Pins prometheus-operator: its CRDs, and the admission webhook that validates rules; built by tools/fetch.sh.
module kopia-metrics-agent/tools/prometheus-operator

go 1.25.0

tool github.com/prometheus-operator/prometheus-operator/cmd/admission-webhook

require github.com/prometheus-operator/prometheus-operator v0.85.0
