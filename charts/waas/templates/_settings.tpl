{{/* The programs' settings as environment variables. */}}

{{/*
Variables of a map of settings: `uploadsAtOnce: 8` becomes WAAS_UPLOADS_AT_ONCE. One that is null or
empty is left out, so that the program's own default holds.
*/}}
{{- define "waas.settings" -}}
{{- range $name, $value := . -}}
{{- $isLeftOut := or (kindIs "invalid" $value) (and (or (kindIs "string" $value) (kindIs "slice" $value) (kindIs "map" $value)) (empty $value)) -}}
{{- if not $isLeftOut }}
- name: {{ printf "WAAS_%s" (regexReplaceAll "([A-Z])" $name "_${1}" | upper) }}
  value: {{ include "waas.settingValue" $value | quote }}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* A setting as the programs read it. Kubernetes expands $(NAME) in values; a doubled $ is itself. */}}
{{- define "waas.settingValue" -}}
{{- $text := "" -}}
{{- if kindIs "map" . -}}
  {{- $text = toJson . -}}
{{- else if kindIs "slice" . -}}
  {{- $text = join "," . -}}
{{- else if and (kindIs "float64" .) (eq . (floor .)) -}}
  {{- /* Helm reads every number as a float, and would write 16 GiB as 1.7179869184e+10. */ -}}
  {{- $text = int64 . | toString -}}
{{- else -}}
  {{- $text = toString . -}}
{{- end -}}
{{- $text | replace "$" "$$" -}}
{{- end -}}

{{/* How a program finds the bucket. */}}
{{- define "waas.objectStorageSettings" -}}
{{- $secret := include "waas.names.objectStorageSecret" . -}}
- name: WAAS_S3_ENDPOINT
  value: {{ include "waas.objectStorageEndpoint" . | quote }}
- name: WAAS_S3_BUCKET
  value: {{ .Values.objectStorage.bucket | quote }}
- name: WAAS_S3_REGION
  value: {{ .Values.objectStorage.region | quote }}
{{- if .Values.objectStorage.workloadIdentity.enabled }}
{{ include "waas.workloadIdentitySettings" .Values.objectStorage.workloadIdentity }}
{{- else }}
- name: WAAS_S3_ACCESS_KEY
  valueFrom:
    secretKeyRef:
      name: {{ $secret }}
      key: access-key
- name: WAAS_S3_SECRET_KEY
  valueFrom:
    secretKeyRef:
      name: {{ $secret }}
      key: secret-key
{{- end }}
{{- end -}}

{{/* How a program finds the credentials of its pod. */}}
{{- define "waas.workloadIdentitySettings" -}}
- name: WAAS_S3_WORKLOAD_IDENTITY
  value: "true"
{{- with .tokenService }}
- name: WAAS_S3_TOKEN_SERVICE
  value: {{ . | quote }}
{{- end }}
{{- if .audience }}
- name: AWS_WEB_IDENTITY_TOKEN_FILE
  value: /var/run/waas-store/token
{{- end }}
{{- with .roleArn }}
- name: AWS_ROLE_ARN
  value: {{ . | quote }}
{{- end }}
{{- end -}}

{{/* The token of a pod for the store, where the release brings it: volumes, and mounts. */}}
{{- define "waas.storeToken.volume" -}}
{{- with .Values.objectStorage.workloadIdentity }}
{{- if and .enabled .audience }}
- name: store-token
  projected:
    defaultMode: 0440
    sources:
      - serviceAccountToken:
          path: token
          audience: {{ .audience | quote }}
          expirationSeconds: 3600
{{- end }}
{{- end }}
{{- end -}}
{{- define "waas.storeToken.mount" -}}
{{- with .Values.objectStorage.workloadIdentity }}
{{- if and .enabled .audience }}
- name: store-token
  mountPath: /var/run/waas-store
  readOnly: true
{{- end }}
{{- end }}
{{- end -}}

{{/* What a pod must be restarted for: the storage user that the release keeps. */}}
{{- define "waas.objectStorageChecksum" -}}
{{- if include "waas.makesObjectStorageSecret" . -}}
{{- /* The given keys, not the Secret: one that the release made up would differ at each rendering. */ -}}
checksum/object-storage: {{ pick .Values.objectStorage "accessKey" "secretKey" | toJson | sha256sum }}
{{- end -}}
{{- end -}}

{{/* What MinIO is restarted for: its administrator. */}}
{{- define "waas.minioChecksum" -}}
checksum/administrator: {{ .Values.minio.administratorPassword | sha256sum }}
{{- end -}}

{{/* What the store is set up anew for. */}}
{{- define "waas.storeChecksums" -}}
{{ include "waas.objectStorageChecksum" . }}
{{- if .Values.minio.enabled }}
{{ include "waas.minioChecksum" . }}
{{- end }}
{{- end -}}

{{/* The profiles, of which one has to be the default. */}}
{{- define "waas.profiles" -}}
{{- if not (hasKey .Values.jobs.profiles "default") -}}
  {{- fail "jobs.profiles has no `default`, which a TranscriptionJob gets that names none." -}}
{{- end -}}
{{- toJson .Values.jobs.profiles -}}
{{- end -}}

{{/* The LocalQueue of each job namespace that has one. */}}
{{- define "waas.queueNames" -}}
{{- $queueNames := dict -}}
{{- range .Values.jobNamespaces -}}
{{- if .clusterQueue -}}
{{- $_ := set $queueNames .name (include "waas.fullname" $) -}}
{{- end -}}
{{- end -}}
{{- toJson $queueNames -}}
{{- end -}}

{{/* The buckets beside the service's own from which a namespace may transcribe, by namespace. */}}
{{- define "waas.sourceBuckets" -}}
{{- $sourceBuckets := dict -}}
{{- range .Values.jobNamespaces -}}
{{- if .sourceBuckets -}}
{{- $_ := set $sourceBuckets .name .sourceBuckets -}}
{{- end -}}
{{- end -}}
{{- toJson $sourceBuckets -}}
{{- end -}}

{{/* The same as a list of all of them. */}}
{{- define "waas.allSourceBuckets" -}}
{{- $buckets := list -}}
{{- range .Values.jobNamespaces }}{{ $buckets = concat $buckets (.sourceBuckets | default list) }}{{ end -}}
{{- $buckets | uniq | sortAlpha | toJson -}}
{{- end -}}
