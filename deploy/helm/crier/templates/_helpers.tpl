{{- define "crier.namespace" -}}{{ .Values.namespace | default .Release.Namespace }}{{- end -}}

{{- define "crier.image" -}}{{ .Values.image.repository }}:{{ .Values.image.tag }}{{- end -}}

{{- define "crier.ports" -}}
ingest: {grpc: 7401, metrics: 9401}
evaluator: {grpc: 7402, metrics: 9402}
delivery: {grpc: 7403, metrics: 9403}
{{- end -}}

{{/* The Postgres of migrations; of the services, too, where there is no pooler. */}}
{{- define "crier.databaseUrl" -}}
{{- if .Values.cloudnativePg.enabled -}}
postgresql://crier@crier-db-rw:5432/crier?sslmode=verify-full&sslrootcert=/etc/crier/database-ca/ca.crt
{{- else -}}
{{ .Values.database.url }}
{{- end -}}
{{- end -}}

{{- define "crier.serviceDatabaseUrl" -}}
{{- if .Values.pgbouncer.enabled -}}
postgresql://crier@crier-db-pooler:5432/crier?sslmode=verify-ca&sslrootcert=/etc/crier/database-ca/ca.crt
{{- else -}}
{{ include "crier.databaseUrl" . }}
{{- end -}}
{{- end -}}

{{- define "crier.podSecurity" -}}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
fsGroup: 65532
seccompProfile:
  type: RuntimeDefault
{{- end -}}

{{- define "crier.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end -}}

{{/* Of the database, and of the key ring where the context says secretKeys. */}}
{{- define "crier.databaseMounts" -}}
- name: database
  mountPath: /etc/crier/database
  readOnly: true
{{- if .secretKeys }}
{{ include "crier.secretKeysMount" . }}
{{- end }}
{{- if .Values.cloudnativePg.enabled }}
- name: database-ca
  mountPath: /etc/crier/database-ca
  readOnly: true
{{- end }}
{{- end -}}

{{- define "crier.databaseVolumes" -}}
- name: database
  secret:
    secretName: {{ .Values.database.passwordSecret }}
    defaultMode: 0440
{{- if .secretKeys }}
{{ include "crier.secretKeysVolume" . }}
{{- end }}
{{- if .Values.cloudnativePg.enabled }}
- name: database-ca
  secret:
    secretName: crier-db-ca
    defaultMode: 0440
    items:
      - key: ca.crt
        path: ca.crt
{{- end }}
{{- end -}}

{{- define "crier.secretKeysMount" -}}
- name: secret-keys
  mountPath: /etc/crier/secret-keys
  readOnly: true
{{- end -}}

{{- define "crier.secretKeysVolume" -}}
- name: secret-keys
  secret:
    secretName: {{ .Values.secretKeys.secret }}
    defaultMode: 0440
{{- end -}}

{{- define "crier.dnsEgress" -}}
- to:
    - namespaceSelector:
        matchLabels:
          kubernetes.io/metadata.name: kube-system
  ports:
    - protocol: UDP
      port: 53
    - protocol: TCP
      port: 53
{{- end -}}

{{/* Where pods may run, and how urgently. */}}
{{- define "crier.placement" -}}
{{- with .Values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- end -}}

{{- define "crier.podAnnotations" -}}
{{- with .Values.podAnnotations }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}
