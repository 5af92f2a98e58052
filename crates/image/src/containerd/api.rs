//! The few messages and calls of containerd's API that reading an image needs.
//!
//! Written by hand after `images.proto`, `content.proto` and `descriptor.proto` in the folder `api` of
//! <https://github.com/containerd/containerd> (the API of version 1, served by containerd 1.x and 2.x), so that
//! no `protoc` is needed to build. Fields that nobody here reads are left out: the format passes over them. To
//! add a field or a call, take its number and type, or the name of its service and method, from those files.

use std::str::FromStr;

use tonic::client::Grpc;
use tonic::codegen::http::uri::PathAndQuery;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::transport::Channel;
use tonic::{Request, Status, Streaming};

use super::codec::ProstCodec;

/// A chunk of content is a mebibyte, plus a few bytes around it. More than 16 is no chunk.
const MAX_MESSAGE_BYTES: usize = 16 << 20;

/// `containerd.types.Descriptor`.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct Descriptor {
    #[prost(string, tag = "1")]
    pub(super) media_type: String,
    #[prost(string, tag = "2")]
    pub(super) digest: String,
    #[prost(int64, tag = "3")]
    pub(super) size: i64,
}

/// `containerd.services.images.v1.Image`.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct Image {
    #[prost(string, tag = "1")]
    pub(super) name: String,
    #[prost(message, optional, tag = "3")]
    pub(super) target: Option<Descriptor>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct GetImageRequest {
    #[prost(string, tag = "1")]
    name: String,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct GetImageResponse {
    #[prost(message, optional, tag = "1")]
    pub(super) image: Option<Image>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct ListImagesRequest {
    #[prost(string, repeated, tag = "1")]
    filters: Vec<String>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct ListImagesResponse {
    #[prost(message, repeated, tag = "1")]
    pub(super) images: Vec<Image>,
}

/// `containerd.services.content.v1.Info`.
#[derive(Clone, PartialEq, prost::Message)]
struct Info {
    #[prost(string, tag = "1")]
    digest: String,
    #[prost(int64, tag = "2")]
    size: i64,
}

#[derive(Clone, PartialEq, prost::Message)]
struct InfoRequest {
    #[prost(string, tag = "1")]
    digest: String,
}

#[derive(Clone, PartialEq, prost::Message)]
struct InfoResponse {
    #[prost(message, optional, tag = "1")]
    info: Option<Info>,
}

/// Without offset and size it asks for the whole content.
#[derive(Clone, PartialEq, prost::Message)]
struct ReadContentRequest {
    #[prost(string, tag = "1")]
    digest: String,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct ReadContentResponse {
    #[prost(int64, tag = "1")]
    pub(super) offset: i64,
    #[prost(bytes = "vec", tag = "2")]
    pub(super) data: Vec<u8>,
}

/// Calls in one namespace.
pub(super) struct Client {
    grpc: Grpc<Channel>,
    namespace: String,
}

impl Client {
    pub(super) fn new(channel: Channel, namespace: &str) -> Self {
        let grpc = Grpc::new(channel).max_decoding_message_size(MAX_MESSAGE_BYTES);
        Self { grpc, namespace: namespace.to_owned() }
    }

    pub(super) async fn get_image(&mut self, name: &str) -> Result<GetImageResponse, Status> {
        let request = GetImageRequest { name: name.to_owned() };
        self.call("/containerd.services.images.v1.Images/Get", request).await
    }

    pub(super) async fn list_images(&mut self, filter: &str) -> Result<ListImagesResponse, Status> {
        let request = ListImagesRequest { filters: vec![filter.to_owned()] };
        self.call("/containerd.services.images.v1.Images/List", request).await
    }

    pub(super) async fn content_size(&mut self, digest: &str) -> Result<i64, Status> {
        let request = InfoRequest { digest: digest.to_owned() };
        let answer: InfoResponse = self.call("/containerd.services.content.v1.Content/Info", request).await?;
        answer.info.map(|info| info.size).ok_or_else(|| Status::internal("it tells nothing of the content"))
    }

    pub(super) async fn read_content(
        &mut self,
        digest: &str,
    ) -> Result<Streaming<ReadContentResponse>, Status> {
        self.ready().await?;
        let request = self.request(ReadContentRequest { digest: digest.to_owned() })?;
        let path = PathAndQuery::from_static("/containerd.services.content.v1.Content/Read");
        Ok(self.grpc.server_streaming(request, path, ProstCodec::default()).await?.into_inner())
    }

    async fn call<Q, A>(&mut self, path: &'static str, message: Q) -> Result<A, Status>
    where
        Q: prost::Message + 'static,
        A: prost::Message + Default + 'static,
    {
        self.ready().await?;
        let request = self.request(message)?;
        let path = PathAndQuery::from_static(path);
        Ok(self.grpc.unary(request, path, ProstCodec::default()).await?.into_inner())
    }

    async fn ready(&mut self) -> Result<(), Status> {
        self.grpc.ready().await.map_err(|error| Status::unavailable(error.to_string()))
    }

    fn request<Q>(&self, message: Q) -> Result<Request<Q>, Status> {
        let namespace: MetadataValue<Ascii> = MetadataValue::from_str(&self.namespace)
            .map_err(|_| Status::invalid_argument(format!("{:?} is no namespace", self.namespace)))?;
        let mut request = Request::new(message);
        request.metadata_mut().insert("containerd-namespace", namespace);
        Ok(request)
    }
}
