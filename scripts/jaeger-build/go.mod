// Jaeger as a program of this module: `go install …@version` refuses it because of its replace line, which
// is repeated here. scripts/jaeger-e2e copies this file and adds Jaeger's own go.sum.
module synod.invalid/jaeger

go 1.24.6

require github.com/jaegertracing/jaeger v1.76.0

replace github.com/Shopify/sarama => github.com/Shopify/sarama v1.33.0
