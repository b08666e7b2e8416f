{{/* Parts of the NetworkPolicies: who may be reached, and by which ports. */}}

{{/* One rule of `egress`; takes `to`, a list of peers of which none stands for all, and `ports`, of which none stands for all. */}}
{{- define "waas.network.egress" -}}
{{- $rule := dict -}}
{{- with .to }}{{ $_ := set $rule "to" . }}{{ end -}}
{{- $ports := list -}}
{{- range .ports }}{{ $ports = append $ports (dict "protocol" "TCP" "port" (int .)) }}{{ end -}}
{{- with $ports }}{{ $_ := set $rule "ports" . }}{{ end -}}
{{- list $rule | toYaml -}}
{{- end -}}

{{- define "waas.network.dns" -}}
{{- $dns := .Values.networkPolicies.dns -}}
{{- $ports := list -}}
{{- range $port := $dns.ports -}}
{{- range $protocol := list "UDP" "TCP" }}{{ $ports = append $ports (dict "protocol" $protocol "port" (int $port)) }}{{ end -}}
{{- end -}}
{{- $rule := dict "ports" $ports -}}
{{- with $dns.to }}{{ $_ := set $rule "to" . }}{{ end -}}
{{- list $rule | toYaml -}}
{{- end -}}

{{- define "waas.network.apiServer" -}}
{{- include "waas.network.egress" .Values.networkPolicies.apiServer -}}
{{- end -}}

{{/* The pods of a component of the release, wherever the policy is; takes `root` and `component`. */}}
{{- define "waas.network.pods" -}}
namespaceSelector:
  matchLabels:
    kubernetes.io/metadata.name: {{ .root.Release.Namespace }}
podSelector:
  matchLabels:
    {{- include "waas.selectorLabels" . | nindent 4 }}
{{- end -}}

{{/* Every address but link-local ones, among which clouds have the credentials of their machines. */}}
{{- define "waas.network.anywhere" -}}
- ipBlock:
    cidr: 0.0.0.0/0
    except: [169.254.0.0/16]
- ipBlock:
    cidr: ::/0
    except: [fe80::/10]
{{- end -}}

{{/* The public internet. */}}
{{- define "waas.network.internet" -}}
- ipBlock:
    cidr: 0.0.0.0/0
    except: [10.0.0.0/8, 100.64.0.0/10, 127.0.0.0/8, 169.254.0.0/16, 172.16.0.0/12, 192.168.0.0/16]
- ipBlock:
    cidr: 2000::/3
{{- end -}}

{{/* The object store; takes `root` and `endpoint`. */}}
{{- define "waas.network.storage" -}}
{{- include "waas.network.endpoint" (merge (dict "root" .root "endpoint" .endpoint) .root.Values.networkPolicies.storage) -}}
{{- end -}}

{{/*
A URL; takes `root` and `endpoint`, and `to` and `ports`. What these do not tell, the URL does: MinIO's pods, the namespace
of a Service, an address, or else everywhere.
*/}}
{{- define "waas.network.endpoint" -}}
{{- $host := regexReplaceAll "^https?://(\\[[^]]*\\]|[^:/]*).*$" .endpoint "${1}" -}}
{{- $port := regexReplaceAll "^https?://[^/]*?(:[0-9]+)?(/.*)?$" .endpoint "${1}" | trimAll ":" | default (hasPrefix "https:" .endpoint | ternary "443" "80") -}}
{{- $to := .to -}}
{{- $ports := .ports | default (list $port) -}}
{{- if not $to -}}
  {{- if regexMatch "^[^.]+\\.[^.]+\\.svc(\\.|$)" $host -}}
    {{- $namespace := index (splitList "." $host) 1 -}}
    {{- if and (not .root.Values.objectStorage.endpoint) .root.Values.minio.enabled -}}
      {{- $to = list (include "waas.network.pods" (dict "root" .root "component" "minio") | fromYaml) -}}
    {{- else -}}
      {{- $to = list (dict "namespaceSelector" (dict "matchLabels" (dict "kubernetes.io/metadata.name" $namespace))) -}}
      {{- /* Policies know the ports of pods, which a Service may have other ones for. */ -}}
      {{- $ports = .ports -}}
    {{- end -}}
  {{- else if regexMatch "^[0-9.]+$" $host -}}
    {{- $to = list (dict "ipBlock" (dict "cidr" (printf "%s/32" $host))) -}}
  {{- else -}}
    {{- $to = include "waas.network.anywhere" . | fromYamlArray -}}
  {{- end -}}
{{- end -}}
{{- include "waas.network.egress" (dict "to" $to "ports" $ports) -}}
{{- end -}}

{{/* Where pods get credentials from; takes the root. */}}
{{- define "waas.network.identity" -}}
{{- $identity := .Values.objectStorage.workloadIdentity -}}
{{- if $identity.enabled -}}
{{- if $identity.tokenService -}}
{{- include "waas.network.endpoint" (dict "root" . "endpoint" $identity.tokenService "to" list "ports" list) -}}
{{- else if $identity.audience -}}
{{- include "waas.network.egress" (dict "to" (include "waas.network.anywhere" . | fromYamlArray) "ports" (list 443)) -}}
{{- else -}}
{{- /* AWS's token service, or the agents of EKS and ECS, or the machine's own metadata. */ -}}
{{- include "waas.network.egress" (dict "to" (include "waas.network.anywhere" . | fromYamlArray) "ports" (list 443)) }}
{{ $agents := list -}}
{{- range list "169.254.170.23/32" "169.254.170.2/32" "169.254.169.254/32" "fd00:ec2::23/128" }}{{ $agents = append $agents (dict "ipBlock" (dict "cidr" .)) }}{{ end -}}
{{- include "waas.network.egress" (dict "to" $agents "ports" (list 80)) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* Recordings that the api fetches from the web. */}}
{{- define "waas.network.web" -}}
{{- $to := include "waas.network.internet" . | fromYamlArray -}}
{{- range .Values.api.settings.urlSourceNetworks }}{{ $to = append $to (dict "ipBlock" (dict "cidr" .)) }}{{ end -}}
{{- include "waas.network.egress" (dict "to" $to "ports" (.Values.api.settings.urlSourcePorts | default (list 80 443))) -}}
{{- end -}}

{{/* Webhooks of the release's own list, or of a Secret whose addresses nobody knows here. */}}
{{- define "waas.network.webhooks" -}}
{{- $ports := list -}}
{{- range .Values.allowedWebhooks.webhooks -}}
  {{- $own := regexFind "^https?://[^/?#]*:[0-9]+" .url | splitList ":" | last -}}
  {{- if not (regexMatch "^[0-9]+$" $own) }}{{ $own = hasPrefix "https:" .url | ternary "443" "80" }}{{ end -}}
  {{- $ports = append $ports $own -}}
{{- end -}}
{{- include "waas.network.egress" (dict "to" list "ports" ($ports | uniq | default (list 80 443))) -}}
{{- end -}}

{{- define "waas.network.mail" -}}
{{- include "waas.network.egress" (dict "to" list "ports" (.Values.operator.settings.emailSenderPort | list | compact | default (list 25 465 587))) -}}
{{- end -}}

{{/* Metadata and selector of the policy of a component's pods in the release's namespace; takes `root` and `component`. */}}
{{- define "waas.network.policy" -}}
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: {{ include "waas.fullname" .root }}-{{ .component }}
  namespace: {{ .root.Release.Namespace }}
  labels:
    {{- include "waas.labels" . | nindent 4 }}
spec:
  podSelector:
    matchLabels:
      {{- include "waas.selectorLabels" . | nindent 6 }}
  policyTypes: [Ingress, Egress]
{{- end -}}
