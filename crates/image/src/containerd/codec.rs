//! Joins prost's messages with tonic's transport: a few lines in the place of one more dependency.

use std::marker::PhantomData;

use prost::Message;
use tonic::Status;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};

/// Sends messages of one type and receives those of another.
pub(super) struct ProstCodec<Q, A>(PhantomData<(Q, A)>);

impl<Q, A> Default for ProstCodec<Q, A> {
    fn default() -> Self {
        Self(PhantomData)
    }
}

impl<Q, A> Codec for ProstCodec<Q, A>
where
    Q: Message + 'static,
    A: Message + Default + 'static,
{
    type Encode = Q;
    type Decode = A;
    type Encoder = ProstEncoder<Q>;
    type Decoder = ProstDecoder<A>;

    fn encoder(&mut self) -> ProstEncoder<Q> {
        ProstEncoder(PhantomData)
    }

    fn decoder(&mut self) -> ProstDecoder<A> {
        ProstDecoder(PhantomData)
    }
}

pub(super) struct ProstEncoder<Q>(PhantomData<Q>);

impl<Q: Message> Encoder for ProstEncoder<Q> {
    type Item = Q;
    type Error = Status;

    fn encode(&mut self, message: Q, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        message.encode(buffer).map_err(|error| Status::internal(error.to_string()))
    }
}

pub(super) struct ProstDecoder<A>(PhantomData<A>);

impl<A: Message + Default> Decoder for ProstDecoder<A> {
    type Item = A;
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<A>, Status> {
        A::decode(buffer).map(Some).map_err(|error| Status::internal(error.to_string()))
    }
}
