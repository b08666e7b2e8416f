{{/* Where things are: job namespaces, the store. What makes no sense is refused here, in a sentence. */}}

{{/* The names of the job namespaces as a JSON list. */}}
{{- define "waas.jobNamespaces" -}}
{{- $names := list -}}
{{- range .Values.jobNamespaces -}}
  {{- if eq .name $.Release.Namespace -}}
    {{- fail (printf "jobNamespaces names %q, the namespace of the release itself: whoever may make TranscriptionJobs there would come near the storage password. Install the release into another namespace." .name) -}}
  {{- end -}}
  {{- if has .name $names -}}
    {{- fail (printf "jobNamespaces names %q twice." .name) -}}
  {{- end -}}
  {{- $names = append $names .name -}}
{{- end -}}
{{- if not $names -}}
  {{- fail "jobNamespaces is empty: name at least one namespace in which TranscriptionJobs shall run." -}}
{{- end -}}
{{- toJson $names -}}
{{- end -}}

{{/* The job namespace of a request to the api that names none. */}}
{{- define "waas.apiNamespace" -}}
{{- $names := include "waas.jobNamespaces" . | fromJsonArray -}}
{{- $name := .Values.api.namespace | default (first $names) -}}
{{- if not (has $name $names) -}}
  {{- fail (printf "api.namespace is %q, which jobNamespaces does not list (%s)." $name (join ", " $names)) -}}
{{- end -}}
{{- $name -}}
{{- end -}}

{{/* The store's address for the programs of the release. */}}
{{- define "waas.objectStorageEndpoint" -}}
{{- if .Values.objectStorage.endpoint -}}
  {{- .Values.objectStorage.endpoint -}}
{{- else if .Values.minio.enabled -}}
  {{- printf "http://%s.%s.svc:9000" (include "waas.names.minio" .) .Release.Namespace -}}
{{- else -}}
  {{- fail "objectStorage.endpoint is empty: name your S3 server, or set minio.enabled for an evaluation." -}}
{{- end -}}
{{- end -}}

{{/* Whether the release makes the Secret with the storage user: "true" or nothing. */}}
{{- define "waas.makesObjectStorageSecret" -}}
{{- $storage := .Values.objectStorage -}}
{{- if $storage.workloadIdentity.enabled -}}
  {{- if or $storage.accessKey $storage.secretKey $storage.existingSecret -}}
    {{- fail "objectStorage has both a workloadIdentity and a storage user: which holds? Leave one out." -}}
  {{- end -}}
  {{- if .Values.minio.enabled -}}
    {{- fail "objectStorage.workloadIdentity is for stores that know the cluster's identities, which minio.enabled's does not." -}}
  {{- end -}}
  {{- if and $storage.setup.enabled (not $storage.setup.existingSecret) -}}
    {{- fail "objectStorage.setup has nobody to make the bucket by: with a workloadIdentity, name its own existingSecret, or make the bucket yourself." -}}
  {{- end -}}
{{- else if $storage.existingSecret -}}
  {{- if or $storage.accessKey $storage.secretKey -}}
    {{- fail "objectStorage has both an existingSecret and keys of its own: which is the storage user? Leave one out." -}}
  {{- end -}}
{{- else -}}
  {{- if and (not .Values.minio.enabled) (not (and $storage.accessKey $storage.secretKey)) -}}
    {{- fail "objectStorage names no storage user: set accessKey and secretKey, or existingSecret." -}}
  {{- end -}}
  {{- if and .Values.minio.enabled $storage.secretKey (lt (len $storage.secretKey) 8) -}}
    {{- fail "objectStorage.secretKey is shorter than the 8 characters that MinIO asks for." -}}
  {{- end -}}
true
{{- end -}}
{{- end -}}

{{/* Whether the release makes the Secret with the allowed webhooks: "true" or nothing. */}}
{{- define "waas.makesAllowedWebhooksSecret" -}}
{{- with .Values.allowedWebhooks -}}
  {{- if and .existingSecret .webhooks -}}
    {{- fail "allowedWebhooks has both an existingSecret and a list: which holds? Leave one out." -}}
  {{- end -}}
  {{- if .webhooks -}}true{{- end -}}
{{- end -}}
{{- end -}}

{{/* Whether any webhook is allowed: "true" or nothing. */}}
{{- define "waas.hasAllowedWebhooks" -}}
{{- if or (include "waas.makesAllowedWebhooksSecret" .) .Values.allowedWebhooks.existingSecret -}}true{{- end -}}
{{- end -}}

{{/* Whether a Job makes the bucket: "true" or nothing. */}}
{{- define "waas.setsUpStore" -}}
{{- if or .Values.minio.enabled .Values.objectStorage.setup.enabled -}}true{{- end -}}
{{- end -}}

{{/* Whether a Job brings models into the claims: "true" or nothing. */}}
{{- define "waas.pullsModels" -}}
{{- if .Values.modelCache.pull.models -}}
  {{- if not .Values.modelCache.enabled -}}
    {{- fail "modelCache.pull names models, but modelCache.enabled is false: there is nowhere to put them." -}}
  {{- end -}}
  {{- if .Values.modelCache.image -}}
    {{- fail "modelCache.pull names models, but modelCache.image brings them already: leave one out." -}}
  {{- end -}}
true
{{- end -}}
{{- end -}}

{{/* Whether jobs find their models in a claim: "true" or nothing. */}}
{{- define "waas.usesModelClaims" -}}
{{- if and .Values.modelCache.enabled (not .Values.modelCache.image) -}}true{{- end -}}
{{- end -}}
